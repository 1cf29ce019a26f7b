"""The outermost layer: the request id, the host check, security headers and the request log, in one."""

import logging
import os
import re
from time import perf_counter

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from framework.context import request_id, services
from framework.project import Project
from framework.web.callers import identifiers
from framework.web.errors import Errors
from framework.web.exchange import KEY, Exchange, current
from framework.web.middleware.hosts import Hosts
from framework.web.middleware.request_log import RequestLog
from framework.web.paths import path_of
from framework.web.problem import Problem
from framework.web.proxies import Proxies
from framework.web.routing import Routes
from framework.web.settings import SecuritySettings, WebSettings

_SANE = re.compile(rb"[A-Za-z0-9._:@+/=~-]{1,128}")
_STARTS = {"http.response.start", "websocket.http.response.start", "websocket.accept"}

type Headers = list[tuple[bytes, bytes]]

_web_log = logging.getLogger("framework.web")


class RequestLayer:
    """What every request and websocket passes first, and every response last, whatever goes wrong between."""

    def __init__(
        self, app: ASGIApp, *, project: Project, settings: WebSettings, hosts: Hosts, table: Routes, errors: Errors
    ) -> None:
        self.app = app
        self._project = project
        self._debug = project.settings.debug
        self._routes = table
        self._log = RequestLog(table, debug=project.settings.debug)
        self._errors = errors
        self._hosts = hosts
        self._host_exempt = settings.host_exempt
        self._identifiers = identifiers(project)
        self._proxies = Proxies(settings.trusted_proxies, settings.proxy_header) if settings.trusted_proxies else None
        self._trust = settings.request_id.trust
        self._header = settings.request_id.header.lower().encode()
        self._plain = security_headers(settings.security)
        self._secure = self._plain + hsts_header(settings.security)
        self._names = {self._header, *(name for name, _ in self._secure)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        if self._proxies is not None:
            self._proxies.apply(scope)
        host = incoming = None
        for name, value in scope["headers"]:
            if name == b"host":
                host = value
            elif name == self._header:
                incoming = value
        if incoming is None or not self._trust or not _SANE.fullmatch(incoming):
            incoming = os.urandom(16).hex().encode()
        id_ = incoming.decode()
        own = self._secure if scope.get("scheme") in ("https", "wss") else self._plain
        exchange = Exchange(self._project, self._routes, self._identifiers, id_, scope.get("root_path", ""))
        scope[KEY] = exchange
        id_token, exchange_token = request_id.set(id_), current.set(exchange)
        services_token = services.set(self._project.services)
        status, began = 0, perf_counter()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] in _STARTS:
                if exchange.handshake is not None:
                    await exchange.handshake.aclose()
                exchange.accepted = message["type"] == "websocket.accept"
                status = message.get("status", 101)
                given = message.get("headers", [])
                if exchange.headers is not None:
                    given = [each for each in given if each[0] not in exchange.headers] + [*exchange.headers.items()]
                message["headers"] = headers = self._headers(given, own, incoming)
                if self._project.stopping and _may_close(scope, message):
                    headers.append((b"connection", b"close"))  # the next request is another server's
            await send(message)

        try:
            if self._hosts.allow(host) or path_of(scope).startswith(self._host_exempt):
                await self.app(scope, receive, send_with_headers)
            else:
                await self._refuse(host, scope, receive, send_with_headers)
        except Exception as error:
            status = status or 500
            error.__dict__["__request_id__"] = id_  # for the server's log record, which is made when we are gone
            raise
        finally:
            if self._log.is_on:
                self._log.write(scope, id_, status, perf_counter() - began)
            services.reset(services_token)
            current.reset(exchange_token)
            request_id.reset(id_token)

    def _headers(self, given: Headers, own: Headers, id_: bytes) -> Headers:
        """Return a response's headers with ours. The route's win, but for the request id."""
        present = {name for name, _ in given}
        if not self._names.isdisjoint(present):
            given = [each for each in given if each[0] != self._header]
            own = [each for each in own if each[0] not in present]
        return [*given, *own, (self._header, id_)]

    async def _refuse(self, host: bytes | None, scope: Scope, receive: Receive, send: Send) -> None:
        name = (host or b"").decode("latin-1")
        hint = f"Add {name.partition(':')[0]!r} to allowed_hosts if it is yours: ALLOWED_HOSTS."
        _web_log.warning("Refused a request for the host %r, which is not in allowed_hosts. %s", name, hint)
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        problem = Problem(
            400, "invalid_host", detail="This host name is not served.", hint=hint if self._debug else None
        )
        response = await self._errors.render(Request(scope, receive), problem)
        await response(scope, receive, send)


def _may_close(scope: Scope, message: Message) -> bool:
    return message["type"] == "http.response.start" and scope.get("http_version", "").startswith("1")


def security_headers(settings: SecuritySettings) -> Headers:
    """Return the headers every response gets."""
    wanted = {
        "x-content-type-options": "nosniff" if settings.nosniff else None,
        "x-frame-options": settings.frame_options,
        "referrer-policy": settings.referrer_policy,
        "cross-origin-opener-policy": settings.opener_policy,
        "content-security-policy": settings.content_policy,
    }
    return [(name.encode(), value.encode("latin-1")) for name, value in wanted.items() if value]


def hsts_header(settings: SecuritySettings) -> Headers:
    """Return the header that only means something over HTTPS, if it is wanted."""
    if not settings.hsts_seconds:
        return []
    parts = [f"max-age={settings.hsts_seconds}"]
    parts += ["includeSubDomains"] * settings.hsts_subdomains + ["preload"] * settings.hsts_preload
    return [(b"strict-transport-security", "; ".join(parts).encode())]
