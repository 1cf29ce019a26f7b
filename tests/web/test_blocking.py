"""Code that blocks the event loop is named, and nothing else is."""

import asyncio
import time
from pathlib import Path

import pytest

from framework.web import WebSettings
from framework.web.blocking import reporting_blocks

ROUTES = """
import asyncio, time
from fastapi import APIRouter
router = APIRouter()

def look_up():
    time.sleep(0.5)  # the line

@router.get("/blocking")
async def blocking():
    look_up()

@router.get("/waiting")
async def waiting():
    await asyncio.sleep(0.5)

@router.get("/thread")
def thread():
    time.sleep(0.5)
"""
NAMED = "The event loop has been blocked for "


def reports(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [message for message in caplog.messages if message.startswith(NAMED)]


@pytest.fixture
def app(write):
    return write("slow_app", routes=ROUTES)


async def test_in_debug_the_line_that_blocks_is_named_once(build, client, app, caplog, tmp_path):
    async with client(build(app, debug=True)) as http:
        for _ in range(2):
            await http.get("/blocking")
    file = tmp_path / "apps" / "slow_app" / "routes.py"
    (report,) = [each for each in reports(caplog) if str(file) in each]  # a busy machine may block the test itself
    line = 1 + next(number for number, text in enumerate(file.read_text().splitlines()) if "the line" in text)
    assert f" s by {file}:{line}, in look_up. " in report
    assert "asyncio.to_thread()" in report


async def test_what_waits_or_works_in_a_thread_is_not(build, client, app, caplog):
    async with client(build(app, debug=True)) as http:
        await http.get("/waiting")
        await http.get("/thread")
    assert reports(caplog) == []


@pytest.mark.parametrize(("debug", "seconds", "named"), [(False, None, 0), (True, 0, 0), (False, 0.1, 1), (True, 2, 0)])
async def test_it_is_off_outside_debug_unless_the_settings_say_so(build, client, app, caplog, debug, seconds, named):
    async with client(build(app, debug=debug, web=WebSettings(blocked_loop=seconds))) as http:
        await http.get("/blocking")
    assert len(reports(caplog)) == named


def test_a_loop_that_only_waits_is_blamed_on_nobody(caplog: pytest.LogCaptureFixture) -> None:
    waits = 0.5

    class Late(asyncio.SelectorEventLoop):
        """A loop whose heart does not beat in time, as on a machine with too much to do."""

        def call_later(self, delay, callback, *args, context=None):
            return super().call_later(delay + waits, callback, *args, context=context)

    async def idle() -> None:
        with reporting_blocks(0.1):
            await asyncio.sleep(0.01)

    asyncio.run(idle(), loop_factory=Late)
    assert reports(caplog) == []


def test_it_works_on_uvloop_too(caplog: pytest.LogCaptureFixture) -> None:
    uvloop = pytest.importorskip("uvloop")

    async def block() -> None:
        with reporting_blocks(0.1):
            await asyncio.sleep(0)
            time.sleep(0.4)  # noqa: ASYNC251 - that is the point

    asyncio.run(block(), loop_factory=uvloop.new_event_loop)
    (report,) = reports(caplog)
    assert f"{Path(__file__)}:" in report
