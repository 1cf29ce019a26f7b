"""Print what the migration commands cost, as ratios against Django's with the same tables, in the same run.

    uv run --with "django>=6.1,<6.2" benchmarks/migrations.py [--rounds N]

30 apps with 500 migrations in all, on SQLite as each side opens it, one transaction a migration; that both make the
same tables is asserted. The sides run in turns, and every figure is the median of the rounds' ratios, in CPU time (user
and system, of the whole process) and in wall time; below 1 the framework is cheaper. `migrate` is measured once more
with the journal that Django's databases have: ours are made with the write-ahead log that the application uses.

The last two lines are of `makemigrations` without its imports: a process first imports the very modules that the
command needs, then looks at the clock, runs the command, and looks again. Once the models count as imports, as they
are, and once only the libraries do, so that making the classes of the models is part of the time.

On 2026-11-26, twice 5 rounds, load 7.7 and 11.7 on 2 cores, CPU, and wall of both runs: migrate on an empty database
0.72 and 0.76, wall 0.45 and 0.57; with Django's journal 0.94 and 0.88, wall 0.95 and 0.76; with nothing to do 0.61 and
0.61, wall 0.59 and 0.60; --plan 0.66 and 0.66, wall 0.63 and 0.65; showmigrations 0.66 and 0.64, wall 0.66 and 0.66;
makemigrations 1.77 and 1.81, wall 1.68 and 1.60; after the imports 0.78 and 0.73, wall 0.85 and 0.70; with making the
models 1.52 and 1.47, wall 1.54 and 1.39.
"""

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from harness import Spent, ratio, spent

APPS, MIGRATIONS = 30, 500
ENVIRONMENT = {"PYTHONDONTWRITEBYTECODE": "", "DEBUG": "0", "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz" * 2}
PYTHON = sys.executable
type Both = tuple[list[Spent], list[Spent]]
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
AFTER = """
import runpy, sys
from contextlib import suppress
from importlib import import_module
from time import perf_counter, process_time

sys.path.insert(0, "")
%s
for name in open("imports.txt"):
    with suppress(ImportError):
        import_module(name.strip())
%s
cpu, wall = process_time(), perf_counter()
with suppress(SystemExit):
    runpy.run_path("manage.py", run_name="__main__")
print(process_time() - cpu, perf_counter() - wall, file=sys.stderr)
"""
SELDOM = "from framework.management.garbage import collect_seldom\ncollect_seldom()"
"""What a command of ours does first: the cost of garbage is not to be taken for one of imports."""
OUR_MODELS = """
from config.settings import ProjectSettings
from framework.migrations.history.project import Outline
list(Outline.of(ProjectSettings()).apps.modules("models"))
"""
THEIR_MODELS = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
import django
django.setup()
"""


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


def after_imports(folder: Path, first: str, models: str) -> Spent:
    """Return what `makemigrations` takes when all it imports is there, and what `models` imports."""
    program = AFTER % (first, models)
    command = [PYTHON, "-c", program, "makemigrations"]
    environment = {**os.environ, **ENVIRONMENT}
    done = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return Spent(*map(float, done.stderr.split()[-2:]))


def show(name: str, both: Both) -> None:
    """Print the ratios of CPU and of wall time."""
    mine, other = both
    cpu = ratio([taken.cpu for taken in mine], [taken.cpu for taken in other])
    wall = ratio([taken.wall for taken in mine], [taken.wall for taken in other])
    print(f"{name:<34} {cpu:<26} {wall}", flush=True)


def main() -> None:
    """Make both projects and print a line for each command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "ours", Path(folder) / "theirs"
        make_ours(ours)
        make_theirs(theirs)

        def measure(*arguments: str, fresh: bool = False, **more: str) -> Both:
            """Run a command on both sides in turns; return what it took on each, round by round."""
            series: Both = ([], [])
            command = [PYTHON, "manage.py", *arguments]
            for turn in range(rounds + 1):
                for place, times in zip((ours, theirs), series, strict=True):
                    if fresh:
                        (place / "db.sqlite3").unlink(missing_ok=True)
                    taken = spent(command, folder=place, environment=ENVIRONMENT | more)
                    if turn:  # the first turn writes the bytecode
                        times.append(taken)
            return series

        print(f"{'against Django':<34} {'   CPU   (min to max)':<26}   wall   (min to max)")
        show("migrate on an empty database", measure("migrate", fresh=True))
        assert tables_in(ours) == tables_in(theirs)
        show("the same, with Django's journal", measure("migrate", fresh=True, DATABASE__JOURNAL_MODE="delete"))
        show("migrate with nothing to do", measure("migrate"))
        show("migrate --plan", measure("migrate", "--plan"))
        show("showmigrations", measure("showmigrations"))
        show("makemigrations without changes", measure("makemigrations"))
        for place in (ours, theirs):
            environment = {**os.environ, **ENVIRONMENT}
            subprocess.run([PYTHON, "-c", PROBE, "makemigrations"], cwd=place, env=environment, check=True)
        for name, mine, other in (
            ("makemigrations, after the imports", OUR_MODELS, THEIR_MODELS),
            ("the same, with making the models", "", ""),
        ):
            turns = [(after_imports(ours, SELDOM, mine), after_imports(theirs, "", other)) for _ in range(rounds)]
            show(name, ([turn[0] for turn in turns], [turn[1] for turn in turns]))
        load, *_ = os.getloadavg()
        print(f"{rounds} rounds, load {load:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
