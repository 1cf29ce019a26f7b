"""What an unexpected error looks like in debug: a page for a browser, the plain trace for a terminal."""

import html
import linecache
import sysconfig
import traceback
from collections.abc import Iterator
from traceback import FrameSummary, TracebackException

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from framework.context import request_id

TERMINALS = ("curl/", "httpie/", "wget/", "xh/")
"""How the user agents of command line clients begin."""

CONTEXT_LINES = 5
SECRET_HEADERS = ("authorization", "cookie", "proxy-authorization", "x-api-key")
_LIBRARIES = tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{kind}: {title}</title>
<style>
  body {{ font: 15px/1.5 system-ui, sans-serif; margin: 0; color: #1c2733 }}
  header {{ background: #fff4e5; border-bottom: 3px solid #e07b00; padding: 1.2rem 2rem }}
  main {{ padding: 0 2rem 3rem }}
  h1 {{ margin: 0; font-size: 1.5rem }} h1 small {{ color: #8a4b00; font-weight: 600 }}
  pre {{ margin: 0; font: 13px/1.55 ui-monospace, monospace; overflow-x: auto }}
  header pre {{ font-size: 15px; margin: .4rem 0; white-space: pre-wrap }}
  details {{ border: 1px solid #d9e0e7; border-radius: 6px; margin: .5rem 0; padding: .4rem .8rem }}
  details.own {{ border-color: #e07b00 }}
  summary {{ cursor: pointer; font-family: ui-monospace, monospace; font-size: 13px }}
  mark {{ background: #ffe2b8; display: block }}
  td {{ vertical-align: top; padding: 0 1rem .1rem 0; font-family: ui-monospace, monospace; font-size: 13px }}
</style>
<header>
  <h1><small>{kind}</small></h1>
  <pre>{message}</pre>
  <div>{request}</div>
</header>
<main>
{chain}
<h2>Request</h2>
<table>{headers}</table>
<h2>Trace</h2>
<pre>{trace}</pre>
<p>You see this page because <code>DEBUG</code> is on. Without it a client learns nothing of this.</p>
</main>
</html>
"""


def wanted_page(request: Request, error: Exception) -> Response | None:
    """Return the page for a browser, the trace for a terminal, and `None` for a program, which gets a problem."""
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(page_of(request, error), 500)
    if request.headers.get("user-agent", "").lower().startswith(TERMINALS):
        return PlainTextResponse(f"{trace_of(error)}\nRequest {request_id.get()}\n", 500)
    return None


def trace_of(error: Exception) -> str:
    """Return the whole traceback, causes included, as Python prints it."""
    return "".join(traceback.format_exception(error))


def page_of(request: Request, error: Exception) -> str:
    """Return the page: what was raised, where in the project's own code, for which request."""
    where = f"{request.method} {request.url.path} · request {request_id.get()}"
    headers = [
        (name, "(hidden)" if name in SECRET_HEADERS else value) for name, value in sorted(request.headers.items())
    ]
    rows = [("query", request.url.query), *headers]
    return PAGE.format(
        kind=html.escape(type(error).__name__),
        title=html.escape(str(error)[:100]),
        message=html.escape(str(error)),
        request=html.escape(where),
        chain="\n".join(_chain(TracebackException.from_exception(error))),
        headers="".join(f"<tr><td>{html.escape(name)}</td><td>{html.escape(value)}</td></tr>" for name, value in rows),
        trace=html.escape(trace_of(error)),
    )


def _chain(error: TracebackException) -> Iterator[str]:
    """Yield the frames of the error, innermost first, then those of what caused it."""
    frames = list(reversed(error.stack))
    own = next((frame for frame in frames if not frame.filename.startswith(_LIBRARIES)), None)
    for frame in frames:
        yield _frame(frame, is_open=frame is own)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        relation = "Caused by" if error.__cause__ else "While handling"
        yield f"<h2>{relation} {html.escape(''.join(cause.format_exception_only()).strip())}</h2>"
        yield from _chain(cause)


def _frame(frame: FrameSummary, *, is_open: bool) -> str:
    line = frame.lineno or 1
    shown: list[str] = []
    for number in range(max(1, line - CONTEXT_LINES), line + CONTEXT_LINES + 1):
        if text := linecache.getline(frame.filename, number):
            escaped = html.escape(f"{number:5} {text.rstrip()}")
            shown.append(f"<mark>{escaped}</mark>" if number == line else escaped + "\n")
    place = html.escape(f"{frame.filename}:{line} in {frame.name}")
    own = "" if frame.filename.startswith(_LIBRARIES) else ' class="own"'
    return f"<details{own}{' open' if is_open else ''}><summary>{place}</summary><pre>{''.join(shown)}</pre></details>"
