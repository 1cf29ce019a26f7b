"""Build an application of 30 apps with 10 routes each, with the framework or with FastAPI alone."""

import sys
import tempfile
from pathlib import Path

APPS, ROUTES = 30, 10


def routes(name: str) -> str:
    lines = ["from fastapi import APIRouter", "", f'router = APIRouter(prefix="/{name}", tags=["{name}"])', ""]
    for number in range(ROUTES):
        lines += [f'@router.get("/things{number}/{{id}}")', f"async def read{number}(id: int) -> dict[str, int]:"]
        lines += ['    return {"id": id}', ""]
    return "\n".join(lines)


def main(kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sys.path.insert(0, folder)
        names = [f"app{number}" for number in range(APPS)]
        for name in names:
            package = Path(folder) / name
            package.mkdir()
            (package / "__init__.py").touch()
            (package / "routes.py").write_text(routes(name))
            config = f"from framework import AppConfig\n\n\nclass Config(AppConfig):\n    name = {name!r}\n"
            (package / "apps.py").write_text(config)
        if kind == "framework":
            from framework import Project, Settings
            from framework.web import create_app

            create_app(Project(Settings(installed_apps=tuple(names))))
        else:
            from importlib import import_module

            from fastapi import FastAPI

            app = FastAPI()
            for name in names:
                app.include_router(import_module(f"{name}.routes").router)


main(sys.argv[1])
