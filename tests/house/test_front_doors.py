"""Every public package has a sorted, complete `__all__`, and settings files stay cheap to load."""

import ast
import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import framework

ROOT = Path(framework.__file__).parent
BATTERIES = ("auth", "cache", "db", "health", "log", "mail", "migrations", "throttling", "users")
FLOORS = (
    "apps",
    "checks",
    "conf",
    "context",
    "errors",
    "lazy",
    "management",
    "near",
    "project",
    "services",
    "testing",
    "web",
)


def front_doors() -> list[str]:
    names = ["framework"]
    names += [f"framework.{name}" for name in (*FLOORS, *BATTERIES)]
    return names


@pytest.mark.parametrize("name", front_doors())
def test_all_is_sorted_and_complete(name: str) -> None:
    module = importlib.import_module(name)
    assert list(module.__all__) == sorted(module.__all__)
    for public in module.__all__:
        assert getattr(module, public) is not None or public in vars(module)


@pytest.mark.parametrize("name", front_doors())
def test_no_public_name_is_a_module_of_its_package_as_well(name: str) -> None:
    """Whoever imported the module first would get it instead."""
    module = importlib.import_module(name)
    modules = {info.name for info in pkgutil.iter_modules(getattr(module, "__path__", []))}
    assert modules & {*module.__all__} == set()


@pytest.mark.parametrize("name", [f"framework.{name}" for name in FLOORS])
def test_what_a_floor_defines_in_public_is_in_its_all(name: str) -> None:
    module = importlib.import_module(name)
    if hasattr(module, "__path__"):
        return
    defined = {
        key
        for key, value in vars(module).items()
        if not key.startswith("_") and getattr(value, "__module__", None) == name and hasattr(value, "__qualname__")
    }
    assert defined <= set(module.__all__)


def test_every_package_of_the_source_is_known_to_these_tests() -> None:
    packages = {info.name for info in pkgutil.iter_modules([str(ROOT)]) if not info.name.startswith("_")}
    assert packages == {*FLOORS, *BATTERIES}


@pytest.mark.parametrize("battery", BATTERIES)
def test_a_battery_imports_no_private_module_of_another(battery: str) -> None:
    for path in (ROOT / battery).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("framework."):
                parts = node.module.split(".")
                imported = [*parts[1:], *(alias.name for alias in node.names)]
                private = any(part.startswith("_") and not part.startswith("__") for part in imported)
                assert not private or parts[1] == battery, f"{path}:{node.lineno} imports {node.module}"


def test_importing_every_front_door_of_a_battery_loads_nothing_heavy() -> None:
    program = (
        "import json, sys, framework\n"
        + "".join(f"import framework.{name}\n" for name in BATTERIES)
        + "from framework.db import DatabaseSettings\nfrom framework.cache import CacheSettings\n"
        "from framework.web import WebSettings\nprint(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert not loaded & {"fastapi", "starlette", "sqlmodel", "sqlalchemy", "alembic", "redis", "typer", "uvicorn"}
