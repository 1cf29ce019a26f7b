"""Print what the migration commands cost, as ratios against Django's with the same tables, in the same run.

    uv run --with "django>=6.1,<6.2" benchmarks/migrations.py [--rounds N]

30 apps with 500 migrations in all, on SQLite as each side opens it, one transaction a migration; that both make the
same tables is asserted. The sides run in turns, and every figure is the median of the rounds' ratios, in CPU time (user
and system, of the whole process) and in wall time; below 1 the framework is cheaper. The last line takes from each
`makemigrations` a process that imports the very modules it imports, with the same settings of the garbage collector.

On 2026-11-26, 7 rounds, load 4.8 on 2 cores, CPU and wall: migrate on an empty database 1.03 and 0.91, with nothing to
do 0.60 and 0.60, --plan 0.65 and 0.63; showmigrations 0.67 and 0.75; makemigrations 1.71 and 1.42, after the imports
0.91 and 0.59. The wall times of a machine that others use scatter widely: for what comes after the imports from below 0
to 2.4.
"""

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from operator import sub
from pathlib import Path

from harness import Spent, ratio, spent

APPS, MIGRATIONS = 30, 500
ENVIRONMENT = {"PYTHONDONTWRITEBYTECODE": "", "DEBUG": "0", "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz" * 2}
PYTHON = sys.executable
PROBE = """
import atexit, runpy, sys
from pathlib import Path

def note():
    own = [name for name, module in sys.modules.items() if str(Path.cwd()) in str(getattr(module, "__file__", ""))]
    Path("imports.txt").write_text("\\n".join(name for name in sys.modules if name not in {*own, "__main__"}))

atexit.register(note)
sys.path.insert(0, "")
sys.stdout = open("/dev/null", "w")
runpy.run_path("manage.py", run_name="__main__")
"""
IMPORTS = """
from contextlib import suppress
from importlib import import_module

for name in open("imports.txt"):
    with suppress(ImportError):
        import_module(name.strip())
"""
SELDOM = "from framework.management.garbage import collect_seldom\ncollect_seldom()\n"
"""What a command of ours does first: the cost of garbage is not to be taken for one of imports."""


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


def tables_in(folder: Path) -> dict[str, list[str]]:
    """Return the columns of every table of a project's models."""
    with closing(sqlite3.connect(folder / "db.sqlite3")) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'app%'")]
        return {name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")] for name in sorted(names)}


def imports_of(folder: Path, first: str = "") -> list[str]:
    """Return a command that imports what `makemigrations` does, in the same order, and does `first` before."""
    subprocess.run([PYTHON, "-c", PROBE, "makemigrations"], cwd=folder, env={**os.environ, **ENVIRONMENT}, check=True)
    return [PYTHON, "-c", first + IMPORTS]


def main() -> None:
    """Make both projects and print a line for each command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "ours", Path(folder) / "theirs"
        make_ours(ours)
        make_theirs(theirs)

        def measure(*commands: tuple[list[str], list[str]], fresh: bool = False) -> list[tuple[list[Spent], ...]]:
            """Run pairs of commands in turns; return for each what it took on both sides, round by round."""
            series: list[tuple[list[Spent], ...]] = [([], []) for _ in commands]
            for turn in range(rounds + 1):
                for pair, both in zip(commands, series, strict=True):
                    for place, command, times in zip((ours, theirs), pair, both, strict=True):
                        if fresh:
                            (place / "db.sqlite3").unlink(missing_ok=True)
                        taken = spent(command, folder=place, environment=ENVIRONMENT)
                        if turn:  # the first turn writes the bytecode
                            times.append(taken)
            return series

        def show(name: str, both: tuple[list[Spent], ...]) -> None:
            """Print the ratios of CPU and of wall time."""
            mine, other = both
            cpu = ratio([taken.cpu for taken in mine], [taken.cpu for taken in other])
            wall = ratio([taken.wall for taken in mine], [taken.wall for taken in other])
            print(f"{name:<34} {cpu:<26} {wall}", flush=True)

        def manage(*arguments: str) -> tuple[list[str], list[str]]:
            command = [PYTHON, "manage.py", *arguments]
            return command, command

        print(f"{'against Django':<34} {'   CPU   (min to max)':<26}   wall   (min to max)")
        (migrated,) = measure(manage("migrate"), fresh=True)
        assert tables_in(ours) == tables_in(theirs)
        show("migrate on an empty database", migrated)
        for name, line in (("migrate with nothing to do", ["migrate"]), ("migrate --plan", ["migrate", "--plan"])):
            show(name, measure(manage(*line))[0])
        show("showmigrations", measure(manage("showmigrations"))[0])
        made, imported = measure(manage("makemigrations"), (imports_of(ours, SELDOM), imports_of(theirs)))
        show("makemigrations without changes", made)
        pairs = [zip(whole, part, strict=True) for whole, part in zip(made, imported, strict=True)]
        after = [[Spent(*map(sub, whole, part)) for whole, part in pair] for pair in pairs]
        show("makemigrations, after the imports", (after[0], after[1]))
        load, *_ = os.getloadavg()
        print(f"{rounds} rounds, load {load:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
