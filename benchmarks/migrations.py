"""Print what the migration commands cost, as ratios against Django's with the same tables, in the same run.

    uv run --with "django>=6.1,<6.2" benchmarks/migrations.py [--rounds N]

30 apps with 500 migrations in all, on an empty SQLite file. Every figure is CPU time, user and system, of the whole
process; below 1 the framework is cheaper. The last line counts only what comes after the imports.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness import row, seconds_of

APPS, MIGRATIONS = 30, 500
ENVIRONMENT = {"PYTHONDONTWRITEBYTECODE": "", "DEBUG": "0", "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz" * 2}
PYTHON = sys.executable


def histories() -> Iterator[tuple[str, int]]:
    """Yield each app with how many migrations it has."""
    for number in range(APPS):
        yield f"app{number:02}", MIGRATIONS // APPS + (number < MIGRATIONS % APPS)


def write(path: Path, text: str) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def make_ours(folder: Path) -> None:
    """Write the project with the framework."""
    listed = "".join(f'"{app}", ' for app, _ in histories())
    write(folder / "config" / "__init__.py", "")
    write(
        folder / "config" / "settings.py",
        "from framework import Settings\n\n\nclass ProjectSettings(Settings):\n"
        f'    installed_apps: tuple[str, ...] = ("framework.db", "framework.migrations", {listed})\n',
    )
    write(
        folder / "manage.py",
        'from framework.management import main\n\nmain(settings="config.settings:ProjectSettings")\n',
    )
    for app, count in histories():
        config = f'from framework import AppConfig\n\n\nclass Config(AppConfig):\n    name = "{app}"\n'
        write(folder / app / "__init__.py", "")
        write(folder / app / "apps.py", config)
        fields = "".join(f"    field{number}: int | None = None\n" for number in range(1, count))
        write(
            folder / app / "models.py",
            "from framework.db import Field, Model\n\n\nclass Thing(Model, table=True):\n"
            f"    id: int = Field(default=None, primary_key=True)\n    name: str = Field(max_length=100)\n{fields}",
        )
        for number in range(count):
            write_our_migration(folder / app / "migrations", app, number)


def write_our_migration(folder: Path, app: str, number: int) -> None:
    name = "0001_initial" if number == 0 else f"{number + 1:04}_thing_field{number}"
    before = (
        "None"
        if number == 0
        else f'"{app}.{"0001_initial" if number == 1 else f"{number:04}_thing_field{number - 1}"}"'
    )
    if number == 0:
        upgrade = (
            f'    op.create_table("{app}_thing", sa.Column("id", sa.Integer(), nullable=False),\n'
            '        sa.Column("name", sa.String(length=100), nullable=False),\n'
            f'        sa.PrimaryKeyConstraint("id", name="pk_{app}_thing"))\n'
        )
        downgrade = f'    op.drop_table("{app}_thing")\n'
    else:
        upgrade = f'    op.add_column("{app}_thing", sa.Column("field{number}", sa.Integer(), nullable=True))\n'
        downgrade = f'    op.drop_column("{app}_thing", "field{number}")\n'
    write(folder / "__init__.py", "")
    write(
        folder / f"{name}.py",
        f'"""Change {number}."""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\nrevision = "{app}.{name}"\n'
        f"down_revision = {before}\n\n\ndef upgrade() -> None:\n{upgrade}\n\ndef downgrade() -> None:\n{downgrade}",
    )


def make_theirs(folder: Path) -> None:
    """Write the project with Django."""
    listed = "".join(f'"{app}", ' for app, _ in histories())
    write(
        folder / "settings.py",
        f'SECRET_KEY = "{"x1y2" * 16}"\nINSTALLED_APPS = [{listed}]\nUSE_TZ = True\n'
        'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}\n'
        'DEFAULT_AUTO_FIELD = "django.db.models.AutoField"\n',
    )
    write(
        folder / "manage.py",
        "import os, sys\nfrom django.core.management import execute_from_command_line\n"
        'os.environ["DJANGO_SETTINGS_MODULE"] = "settings"\nexecute_from_command_line(sys.argv)\n',
    )
    for app, count in histories():
        write(folder / app / "__init__.py", "")
        fields = "".join(f"    field{number} = models.IntegerField(null=True)\n" for number in range(1, count))
        write(
            folder / app / "models.py",
            f"from django.db import models\n\n\nclass Thing(models.Model):\n"
            f"    name = models.CharField(max_length=100)\n{fields}",
        )
        write(folder / app / "migrations" / "__init__.py", "")
        for number in range(count):
            write_their_migration(folder / app / "migrations", app, number)


def write_their_migration(folder: Path, app: str, number: int) -> None:
    name = "0001_initial" if number == 0 else f"{number + 1:04}_thing_field{number}"
    before = (
        ""
        if number == 0
        else f'("{app}", "{"0001_initial" if number == 1 else f"{number:04}_thing_field{number - 1}"}")'
    )
    if number == 0:
        operation = (
            'migrations.CreateModel(name="Thing", fields=[("id", models.AutoField(auto_created=True, primary_key=True, '
            'serialize=False, verbose_name="ID")), ("name", models.CharField(max_length=100))])'
        )
    else:
        operation = (
            f'migrations.AddField(model_name="thing", name="field{number}", field=models.IntegerField(null=True))'
        )
    write(
        folder / f"{name}.py",
        "from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n"
        f"    initial = {number == 0}\n    dependencies = [{before}]\n    operations = [{operation}]\n",
    )


def main() -> None:
    """Make both projects and print a line for each command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    imports = {
        "ours": "import framework.management, framework.migrations.commands, framework.migrations.making; "
        "import framework.db.mapping.model, framework.db.sessions.database, framework.db.queries.repository, aiosqlite",
        "theirs": "import django.core.management.commands.makemigrations, django.db.models; "
        "import django.db.backends.sqlite3.base",
    }
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "ours", Path(folder) / "theirs"
        make_ours(ours)
        make_theirs(theirs)

        def both(*arguments: str) -> tuple[list[float], list[float]]:
            series: tuple[list[float], list[float]] = ([], [])
            for turn in range(rounds + 1):
                for place, times in zip((ours, theirs), series, strict=True):
                    if arguments == ("migrate",):
                        (place / "db.sqlite3").unlink(missing_ok=True)
                    taken = seconds_of([PYTHON, "manage.py", *arguments], folder=place, environment=ENVIRONMENT)
                    if turn:  # the first turn writes the bytecode
                        times.append(taken)
            return series

        print(f"{'CPU time against Django':<34} {'median':>6}   (min to max)")
        made = both("makemigrations")
        print(row("migrate on an empty database", *both("migrate")))
        print(row("migrate with nothing to do", *both("migrate", "--plan")))
        print(row("showmigrations", *both("showmigrations")))
        print(row("makemigrations without changes", *made))
        loading: tuple[list[float], list[float]] = ([], [])
        for kind, times in zip(imports, loading, strict=True):
            for turn in range(rounds + 1):
                taken = seconds_of([PYTHON, "-c", imports[kind]], folder=ours, environment=ENVIRONMENT)
                if turn:
                    times.append(taken)
        after = [[whole - part for whole, part in zip(*pair, strict=True)] for pair in zip(made, loading, strict=True)]
        print(row("makemigrations, after the imports", *after))


if __name__ == "__main__":
    main()
