"""The page on services: its files make a project, which is called, commanded, checked and replaced in parts."""

import subprocess
import sys
from pathlib import Path

from tests.documents import HOW_TO, files
from tests.programs import QUIET, write

PAGE = HOW_TO / "services.md"

USE = '''
import re

import httpx
import pytest
from framework import Project, Scope
from framework.checks import run
from framework.errors import FrameworkError
from framework import errors
from framework.testing import Projects
from framework.web.problem import STATUSES
from weather.services import Forecasts
from weather.settings import WeatherSettings

TABLE = """{table}"""


def answer(request):
    city = request.url.params.get("city")
    asked.append(city)
    if city == "Nowhere":
        return httpx.Response(404)
    if city == "Storm":
        raise httpx.ConnectError("no line")
    return httpx.Response(200 if city or healthy else 500, json={{"degrees": 21.4}})


asked, healthy = [], []


@pytest.fixture
def project(project_with: Projects) -> Project:
    project = project_with()
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="https://weather.example.com")
    project.services.value(httpx.AsyncClient, client)
    return project


async def test_routes_answer_and_failures_have_their_statuses(client):
    assert (await client.get("/weather/paris")).json() == 21
    assert (await client.get("/weather/nowhere")).status_code == 404
    late = await client.get("/weather/storm")
    assert (late.status_code, late.headers["retry-after"]) == (503, "60")
    asked.clear()
    assert (await client.post("/weather/rome/warm")).status_code == 202
    assert asked == ["Rome"]


async def test_health_knows_the_probe(client):
    ready = await client.get("/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    healthy.append(True)
    assert (await client.get("/health/ready")).json()["status"] == "ok"


async def test_the_client_is_closed_with_the_project(project_with):
    project = project_with()
    async with project.lifespan():
        client = project.services.find_value(httpx.AsyncClient)
    assert client.is_closed


def test_the_check_looks_at_the_address(project_with):
    found = [each.code for each in run(project_with(weather=WeatherSettings(url="http://a.example")), deploy=True)]
    assert "weather.url" in found
    assert "weather.url" not in [each.code for each in run(project_with(), deploy=True)]


def test_every_row_of_the_table_is_raised_and_answered_so():
    rows = re.findall(r"^\\| `(.+)` \\| (\\d+)", TABLE, flags=re.MULTILINE)
    assert len(rows) == 7
    for code, status in rows:
        assert STATUSES[type(eval(code, vars(errors)))] == int(status)
'''

MAIN = """
import httpx
import sys
from framework.management import main

def answer(request):
    return httpx.Response(200, json={"degrees": 21.4})

class Client(httpx.AsyncClient):
    def __init__(self, **options):
        super().__init__(transport=httpx.MockTransport(answer), **options)

httpx.AsyncClient = Client
if sys.argv[1:] == ["script"]:
    import runpy
    runpy.run_path("scripts/paris.py", run_name="__main__")
else:
    main(settings="config.settings:ProjectSettings")
"""


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_project_of_the_page_does_what_the_page_says(tmp_path: Path) -> None:
    write(tmp_path, files(PAGE))
    table = PAGE.read_text().partition("| raised | answered |\n|---|---|\n")[2].partition("\n\n")[0]
    write(
        tmp_path,
        {
            "config/__init__.py": "",
            "weather/__init__.py": "",
            "manage.py": MAIN,
            "tests/test_use.py": USE.format(table=table),
            ".env": f"SECRET_KEY={'only for tests ' * 4}\n",
            "pyproject.toml": '[tool.pytest.ini_options]\nanyio_mode = "auto"\npythonpath = ["."]\n'
            'filterwarnings = ["error"]\nframework_settings = "config.settings:ProjectSettings"\n',
        },
    )
    assert "5 passed" in run(tmp_path, "-m", "pytest", "-q", *QUIET, "-p", "no:xdist", "tests")
    assert run(tmp_path, "manage.py", "forecast", "paris") == "paris: 21\n"
    assert run(tmp_path, "manage.py", "script") == "21\n"
    assert "Print how warm it will be tomorrow." in run(tmp_path, "manage.py", "--help")
