"""Print what the framework costs, as ratios against peers in the same run.

    uv run benchmarks/run.py [--rounds N] [--requests N]

The project is what `startproject` and `startapp` write, with all their batteries on. Every figure is CPU time, user and
system, of whole processes; below 1 the framework is cheaper. Needs Linux's /proc.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import HERE, cpu_of, load, request, row, seconds_of, serving

PYTHON = sys.executable
ENVIRONMENT = {
    "PYTHONDONTWRITEBYTECODE": "",
    "DEBUG": "0",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
    "ALLOWED_HOSTS": "localhost,127.0.0.1",
    "WEB__PREFIX": "",
    "PYTHONPATH": str(HERE),
}
FIELDS = b'{"title": "A title", "text": "Some text"}'
REQUESTS = {
    "hello": request("GET", "/hello"),
    "read a row": request("GET", "/notes/notes/1"),
    "list 20 rows of a page": request("GET", "/notes/notes?limit=20"),
    "create a row": request("POST", "/notes/notes", FIELDS),
}


def make_site(folder: Path) -> None:
    """Make a project with one app of one model, migrated, as a newcomer would."""
    manage = [PYTHON, "manage.py"]
    for command in (
        [PYTHON, "-m", "framework", "startproject", "site_", "."],
        [*manage, "startapp", "notes", "--model", "Note", "title:str:200", "text:text"],
        [*manage, "makemigrations"],
        [*manage, "migrate"],
    ):
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    routes = folder / "notes" / "routes.py"  # a bare app asks nobody who they are; benchmarks/auth.py compares that
    routes.write_text(routes.read_text().replace("=[LoginRequired]", "=[Public]"))
    settings = folder / "config" / "settings.py"
    settings.write_text(settings.read_text().replace('"notes",', '"notes",\n        "hello",'))


def starts(rounds: int, site: Path) -> None:
    """Print the start of a command line and the load of a project of 30 apps with 10 routes each."""
    many = str(HERE / "many_apps.py")
    pairs = {
        "manage.py --help": (["manage.py", "--help"], ["-c", "import pydantic_settings, typer"]),
        "load 30 apps of 10 routes": ([many, "framework"], [many, "fastapi"]),
    }
    for name, (mine, theirs) in pairs.items():
        series: tuple[list[float], list[float]] = ([], [])
        for turn in range(rounds + 1):
            for command, times in zip((mine, theirs), series, strict=True):
                taken = seconds_of([PYTHON, *command], folder=site, environment=ENVIRONMENT)
                if turn:  # the first turn writes the bytecode
                    times.append(taken)
        print(row(name, *series))


def serves(rounds: int, requests: int, site: Path) -> None:
    """Print requests against a bare FastAPI app with the same endpoints, each on a SQLite file of its own."""
    bare = {**ENVIRONMENT, "BARE_DATABASE": str(site / "bare.sqlite3")}
    with (
        serving("config.asgi:app", folder=site, environment=ENVIRONMENT, probe="/hello") as mine,
        serving("bare:app", folder=HERE / "peers", environment=bare, probe="/hello") as theirs,
    ):
        for _, port in (mine, theirs):
            load(port, REQUESTS["create a row"], count=64)
        for name, raw in REQUESTS.items():
            series: tuple[list[float], list[float]] = ([], [])
            for turn in range(rounds + 1):
                for (pid, port), times in zip((mine, theirs), series, strict=True):
                    before = cpu_of(pid)
                    load(port, raw, count=requests)
                    if turn:  # the first turn warms up
                        times.append(cpu_of(pid) - before)
            print(row(name, *series))


def main() -> None:
    """Run all benchmarks and print a line each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=1600)
    given = parser.parse_args()
    print(f"{'CPU time against its peer':<34} {'median':>6}   (min to max)")
    with tempfile.TemporaryDirectory() as folder:
        make_site(Path(folder))
        starts(given.rounds, Path(folder))
        serves(given.rounds, given.requests, Path(folder))


if __name__ == "__main__":
    main()
