"""A real server on a real socket: messages, reload, signals, workers."""

from __future__ import annotations  # `Folder` is only for checkers: a conftest cannot be imported

import http.client
import json
import os
import re
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.management.conftest import Folder

KEY = "Zk3-vQx8Lw_9TbR2yHc7NmUe5PaJf0GsDo6WiXt1"
ASGI = """
from config.settings import ProjectSettings
from framework import Project
from framework.web import create_app

app = create_app(Project(ProjectSettings()))
"""
ROUTES = """
import os

from fastapi import APIRouter

from framework import Project
from framework.web import Inject

router = APIRouter()
ANSWER = {answer}


@router.get("/answer")
async def answer(project: Inject[Project]) -> dict[str, object]:
    return {{"answer": ANSWER, "debug": project.settings.debug, "pid": os.getpid(), "parent": os.getppid()}}
"""


def eventually[T](ask: Callable[[], T], *, within: float = 25.0) -> T:
    """Return the first truthy answer."""
    end = time.monotonic() + within
    while not (answer := ask()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return answer


def get(port: int, path: str = "/answer") -> dict[str, object]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=25)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        return json.load(connection.getresponse())
    finally:
        connection.close()


def port_of(project: Folder) -> int:
    found = eventually(lambda: re.search(r"server at http://[\w.:\[\]]+:(\d+)/\n", project.output))
    return int(found[1])


def is_alive(pid: object) -> bool:
    assert isinstance(pid, int)
    try:
        # A process that has ended but whose parent has not asked is no process any more.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def served(project: Folder) -> Folder:
    """A project with one route."""
    project.app("blog", {"routes.py": ROUTES.format(answer=1)})
    project.write({"config/asgi.py": ASGI})
    project.install("blog")
    return project


def test_it_says_what_django_says_in_order_and_serves_in_debug(served: Folder) -> None:
    served.start("runserver", "0")

    port = port_of(served)
    answer = get(port)

    assert (answer["answer"], answer["debug"]) == (1, True)
    assert re.fullmatch(
        r"Watching for file changes with WatchFiles\n"
        r"Performing system checks...\n"
        r"\n"
        r"System check identified no issues \(0 silenced\)\.\n"
        r"\w+ \d{2}, \d{4} - \d{2}:\d{2}:\d{2}\n"
        r"Framework version \d+\.\d+\.\d+, using settings 'config\.settings:ProjectSettings'\n"
        rf"Starting ASGI development server at http://127\.0\.0\.1:{port}/\n"
        r"Quit the server with CONTROL-C\.\n"
        r"\n"
        r"WARNING: This is a development server\. .*\n",
        served.output,
    ), served.output


def test_a_change_reloads_and_a_syntax_error_is_survived(served: Folder) -> None:
    server = served.start("runserver", "0")
    port = port_of(served)
    first = get(port)
    routes = served.path / "blog/routes.py"

    routes.write_text(ROUTES.format(answer=22))
    eventually(lambda: f"{routes} changed, reloading.\n" in served.output)
    eventually(lambda: not is_alive(first["pid"]))
    second = get(port)  # waits in the socket that outlives the serving process
    assert second["answer"] == 22

    routes.write_text("def (:\n")
    eventually(lambda: "SyntaxError" in served.output)
    assert "Traceback (most recent call last):" in served.output
    assert f'File "{routes}", line 1' in served.output
    eventually(lambda: not is_alive(second["pid"]))
    assert server.poll() is None

    routes.write_text(ROUTES.format(answer=333))
    assert get(port)["answer"] == 333
    assert served.output.count("changed, reloading.") == 3


def test_databases_caches_and_hidden_folders_do_not_reload_but_new_folders_do(served: Folder) -> None:
    served.write({".venv/lib/thing.py": "", "env/pyvenv.cfg": "", "env/thing.py": ""})
    served.start("runserver", "0")
    first = get(port := port_of(served))

    for name in ("db.sqlite3", "db.sqlite3-wal", "blog/db.sqlite3-journal", "notes.txt", "blog/__pycache__/routes.pyc"):
        served.write({name: "changed"})
    served.write({".git/hook.py": "1", ".venv/lib/thing.py": "1", "env/thing.py": "1", "blog/.routes.py.swp": "1"})
    time.sleep(1.5)
    assert get(port)["pid"] == first["pid"]
    assert "changed" not in served.output

    served.app("shop", {"deeper/thing.py": ""})
    eventually(lambda: "changed, reloading." in served.output)
    eventually(lambda: get(port)["pid"] != first["pid"])
    served.write({"shop/deeper/thing.py": "x = 1"})
    eventually(lambda: f"{served.path}/shop/deeper/thing.py changed, reloading.\n" in served.output)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("words", [(), ("--noreload",)])
def test_a_signal_ends_it_cleanly_and_leaves_no_orphan(served: Folder, signum: int, words: tuple[str, ...]) -> None:
    server = served.start("runserver", "0", *words)
    answer = get(port_of(served))
    assert (answer["pid"] == server.pid) == bool(words)

    server.send_signal(signum)

    assert server.wait(20) == 0
    assert not is_alive(answer["pid"])
    assert "Traceback" not in served.output


def test_a_killed_watcher_takes_the_serving_process_with_it(served: Folder) -> None:
    server = served.start("runserver", "0")
    answer = get(port_of(served))

    server.kill()
    server.wait(20)

    eventually(lambda: not is_alive(answer["pid"]))


def test_an_open_stream_does_not_keep_it_from_ending(served: Folder) -> None:
    served.write(
        {
            "blog/routes.py": """
            import asyncio
            from collections.abc import AsyncIterator

            from fastapi import APIRouter
            from fastapi.responses import StreamingResponse

            router = APIRouter()


            @router.get("/forever")
            async def forever() -> StreamingResponse:
                async def ticks() -> AsyncIterator[bytes]:
                    while True:
                        yield b"tick"
                        await asyncio.sleep(0.05)

                return StreamingResponse(ticks())
            """
        }
    )
    server = served.start("runserver", "0", "--noreload")
    with socket.create_connection(("127.0.0.1", port_of(served)), timeout=20) as client:
        client.sendall(b"GET /forever HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b"tick" in client.recv(4096) + client.recv(4096)
        server.terminate()
        assert server.wait(20) == 0


def test_a_taken_port_and_a_bad_one_are_one_sentence(served: Folder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = served.manage("runserver", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: That port is already in use.\n  Hint: ")
    assert done.stdout == ""

    done = served.manage("runserver", "99999")
    assert done.returncode == 1
    assert done.stderr.startswith('CommandError: "99999" is not a valid port number or address:port pair.\n  Hint: ')


def test_an_error_of_a_check_is_shown_and_the_next_save_may_mend_it(served: Folder) -> None:
    checks = """
    from framework.checks import Level, Message, check


    @check(tags=("blog",))
    def look(project):
        return [Message(Level.{level}, "The moon is full.", hint="Wait.", code="blog.moon", where="blog.sky")]
    """
    served.app("blog", {"checks.py": checks.format(level="ERROR")})
    served.start("runserver", "0")

    eventually(lambda: "System check identified 1 issue" in served.output)
    assert "ERRORS:\nblog.sky: (blog.moon) The moon is full.\n\tHINT: Wait.\n" in served.output
    assert "Starting" not in served.output

    served.app("blog", {"checks.py": checks.format(level="WARNING")})
    assert get(port_of(served))["answer"] == 1
    assert "WARNINGS:\nblog.sky: (blog.moon) The moon is full.\n" in served.output


def test_apps_prepare_themselves_before_the_server_says_it_starts(served: Folder) -> None:
    served.write(
        {
            "blog/apps.py": """
            import asyncio
            from contextlib import asynccontextmanager

            from framework import AppConfig


            class Config(AppConfig):
                name = "blog"

                async def preflight(self, project):
                    self.loop = asyncio.get_running_loop()
                    return ["You have 2 unapplied migration(s).", "Run 'python manage.py migrate' to apply them."]

                @asynccontextmanager
                async def lifespan(self, project):
                    assert self.loop is asyncio.get_running_loop()
                    yield
            """
        }
    )
    served.start("runserver", "0", "--noreload")
    get(port_of(served))

    rest = served.output.partition("System check identified no issues (0 silenced).\n")[2]
    assert rest.startswith("You have 2 unapplied migration(s).\nRun 'python manage.py migrate' to apply them.\n")


@pytest.mark.parametrize(("environment", "settings"), [({"DEBUG": "0", "SECRET_KEY": KEY}, ""), ({}, "DEBUG=0\n")])
def test_what_sets_debug_is_left_alone(served: Folder, environment: dict[str, str], settings: str) -> None:
    served.write({".env": settings + f"SECRET_KEY={KEY}\n"})
    served.start("runserver", "0", "--noreload", environment=environment)

    assert get(port_of(served))["debug"] is False


def test_workers_serve_for_production_without_debug_and_end_together(served: Folder) -> None:
    server = served.start("runserver", "0", "--workers", "2", environment={"SECRET_KEY": KEY})
    port = int(eventually(lambda: re.search(r"worker\(s\) at http://127\.0\.0\.1:(\d+)/", served.output))[1])

    answers = [get(port) for _ in range(3)]
    assert {answer["debug"] for answer in answers} == {False}
    assert {answer["parent"] for answer in answers} == {server.pid}
    children = [int(pid) for pid in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()]

    server.terminate()

    assert server.wait(25) == 0
    assert eventually(lambda: not any(map(is_alive, children)))  # one only cleans up, and goes last
    assert "Watching" not in served.output


def test_workers_are_replaced_by_such_that_run_the_code_of_now(served: Folder) -> None:
    server = served.start("runserver", "0", "--workers", "1", environment={"SECRET_KEY": KEY})
    port = int(eventually(lambda: re.search(r"worker\(s\) at http://127\.0\.0\.1:(\d+)/", served.output))[1])
    assert get(port)["answer"] == 1

    (served.path / "blog/routes.py").write_text(ROUTES.format(answer=22))
    server.send_signal(signal.SIGHUP)

    eventually(lambda: get(port)["answer"] == 22)
    server.terminate()
    assert server.wait(25) == 0


def test_workers_show_no_debug_pages_though_the_project_turns_debug_on(served: Folder) -> None:
    served.write(
        {
            ".env": f"DEBUG=1\nSECRET_KEY={KEY}\n",
            "blog/routes.py": """
            from fastapi import APIRouter

            router = APIRouter()

            @router.get("/answer")
            async def answer():
                raise RuntimeError("the inside")
            """,
        }
    )
    server = served.start("runserver", "0", "--workers", "1")
    port = int(eventually(lambda: re.search(r"worker\(s\) at http://127\.0\.0\.1:(\d+)/", served.output))[1])

    answer = get(port)
    assert (answer["status"], answer["code"]) == (500, "internal_error")
    assert "inside" not in str(answer)
    assert f"Debug is off with --workers, whatever DEBUG in {served.path}/.env:1 says.\n" in served.output
    server.terminate()
    assert server.wait(25) == 0


def test_workers_refuse_an_application_that_code_puts_into_debug(served: Folder) -> None:
    served.write({"config/asgi.py": ASGI.replace("ProjectSettings()", "ProjectSettings(debug=True)")})

    done = served.manage("runserver", "0", "--workers", "1", environment={"SECRET_KEY": KEY})

    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: The application is made with debug on")
    assert f"{served.path}/config/asgi.py" in done.stderr


def test_one_worker_is_no_development_server_either(served: Folder) -> None:
    server = served.start("runserver", "0", "--workers", "1", environment={"SECRET_KEY": KEY})
    port = int(eventually(lambda: re.search(r"worker\(s\) at http://127\.0\.0\.1:(\d+)/", served.output))[1])

    assert get(port)["debug"] is False
    server.terminate()
    assert server.wait(25) == 0


def test_another_settings_class_than_that_of_the_asgi_module_is_served(served: Folder) -> None:
    served.app("shop", {"routes.py": ROUTES.format(answer=5).replace("/answer", "/shop")})
    served.write(
        {
            "config/other.py": """
            from framework import Settings

            class Other(Settings):
                installed_apps: tuple[str, ...] = ("shop",)
            """
        }
    )
    served.start("runserver", "0", "--noreload", "--settings", "config.other:Other")

    assert get(port_of(served), "/shop")["answer"] == 5
    assert "using settings 'config.other:Other'" in served.output


def test_without_an_asgi_module_the_project_is_served_all_the_same(served: Folder) -> None:
    os.unlink(served.path / "config/asgi.py")
    served.start("runserver", "0", "--noreload")

    assert get(port_of(served))["answer"] == 1


def test_an_asgi_module_without_a_projects_application_is_one_sentence(served: Folder) -> None:
    served.write({"config/asgi.py": "app = 3\n"})

    done = served.manage("runserver", "0", "--noreload")

    assert done.returncode == 1
    assert "'config.asgi:app' is not the application of a project, but int." in done.stderr
    assert "Traceback" not in done.stderr
