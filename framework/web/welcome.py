"""The page at `/` of a project in debug that has nothing there yet."""

import html

from starlette.requests import Request
from starlette.responses import HTMLResponse

from framework.web.exchange import exchange_of
from framework.web.paths import path_of

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>It works</title>
<style>
  body {{ font: 17px/1.6 system-ui, sans-serif; max-width: 42rem; margin: 4rem auto; padding: 0 1rem; color: #1c2733 }}
  h1 {{ font-size: 2.2rem; margin: 0 0 .5rem }}
  code {{ background: #eef2f6; padding: .1em .35em; border-radius: 4px }}
  td {{ padding: .15rem 1.5rem .15rem 0 }}
  a {{ color: #0b62c4 }}
</style>
<h1>It works.</h1>
<p>The project is served, and nothing is mounted at <code>/</code> yet.
You see this page because <code>DEBUG</code> is on.</p>
<p>{docs}</p>
<h2>Installed apps</h2>
<table>{apps}</table>
<h2>Next</h2>
<p><code>python manage.py startapp blog</code> makes an app with a model, a service, routes and a test.</p>
</html>
"""


def is_root(request: Request) -> bool:
    """Tell whether nothing was matched because the root itself was asked for."""
    return path_of(request.scope) in ("", "/") and request.method in ("GET", "HEAD") and "endpoint" not in request.scope


def welcome(request: Request) -> HTMLResponse:
    """Return the page."""
    exchange = exchange_of(request.scope)
    rows = ""
    for app in exchange.project.apps if exchange else ():
        count = sum(route.app == app.app_label for route in exchange.routes) if exchange else 0
        rows += f"<tr><td>{html.escape(app.app_label)}</td><td>{count or 'no'} routes</td></tr>"
    url = request.app.docs_url if request.app.openapi_url else None
    root = request.scope.get("root_path", "").rstrip("/")
    docs = f'The API is described at <a href="{html.escape(root + url)}">{html.escape(url)}</a>.' if url else ""
    return HTMLResponse(PAGE.format(docs=docs, apps=rows or "<tr><td>none</td></tr>"))
