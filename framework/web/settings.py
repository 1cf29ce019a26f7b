"""What a project can say about its web. Imports no web: settings files import this."""

import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from framework.conf import Section


class Part(BaseModel):
    """A group of settings within a section."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _mount_path(value: str) -> str:
    if value in ("", "/"):
        return ""
    if not value.startswith("/") or value.endswith("/"):
        raise ValueError(f"write it as '/{value.strip('/')}': a slash first, none at the end")
    return value


type MountPath = Annotated[str, AfterValidator(_mount_path)]


def _network(value: str) -> str:
    if value != "unix":
        try:
            ip_network(value)
        except ValueError as error:
            raise ValueError(f"{error}; write an address, a network as '10.0.0.0/8', or 'unix' for a socket") from None
    return value


type Network = Annotated[str, AfterValidator(_network)]


class RequestIdSettings(Part):
    """The id that every request carries into its response, its errors and its log records."""

    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")] = "X-Request-ID"
    """The header it comes in and goes out with."""
    trust: bool = True
    """Take over the caller's id when it is sane: up to 128 letters, digits and `._:@+/=~-`."""


class CorsSettings(Part):
    """Which other origins may call from a browser. None, unless named."""

    origins: tuple[str, ...] = ()
    """Origins such as `https://app.example.com`; `*` for all."""
    origin_regex: str | None = None
    """Allows every origin that this expression matches as a whole."""
    methods: tuple[str, ...] = ("*",)
    """Methods that may be used; `*` for all."""
    headers: tuple[str, ...] = ("*",)
    """Request headers that may be sent; `*` for all."""
    credentials: bool = False
    """Whether browsers send cookies along. Not together with the origin `*`."""
    expose: tuple[str, ...] = ()
    """Response headers that scripts may read, beside the request id."""
    max_age: int = 600
    """Seconds a browser may remember the answer to a preflight request."""

    @property
    def enabled(self) -> bool:
        """Whether any other origin is allowed."""
        return bool(self.origins or self.origin_regex)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.credentials and "*" in self.origins:
            raise ValueError("credentials with the origin '*' let every site act as the user: name the origins")
        for origin in self.origins:
            if origin != "*" and not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/\s]+", origin):
                raise ValueError(f"{origin!r} is no origin: write scheme and host, 'https://app.example.com'")
        return self


class SecuritySettings(Part):
    """Headers that tell browsers to be careful. A header set by a route stays as it is."""

    nosniff: bool = True
    """`X-Content-Type-Options: nosniff`: a browser believes the content type."""
    frame_options: Literal["DENY", "SAMEORIGIN"] | None = "DENY"
    """Who may show the site in a frame."""
    referrer_policy: str | None = "same-origin"
    """What other sites learn about the page a user came from."""
    opener_policy: str | None = "same-origin"
    """`Cross-Origin-Opener-Policy`."""
    content_policy: str | None = None
    """`Content-Security-Policy`; the API docs load their scripts from a CDN, so there is none by default."""
    hsts_seconds: Annotated[int, Field(ge=0)] = 0
    """How long a browser refuses plain HTTP after an answer over HTTPS; 0 sends no header."""
    hsts_subdomains: bool = False
    """Whether that holds for subdomains too."""
    hsts_preload: bool = False
    """Whether browsers may build it in."""


class LoadSettings(Part):
    """How much a process takes on. What is beyond is answered 503 with `Retry-After`, so that the rest is quick."""

    concurrency: PositiveInt = 200
    """Requests at work at once, until their responses begin. More for routes that mostly wait for other services."""
    waiting: Annotated[int, Field(ge=0)] = 1000
    """Requests that wait for their turn at most."""
    interval: PositiveFloat = 1
    """Seconds that a request waits at most, in a burst."""
    target: PositiveFloat = 0.1
    """Seconds that one waits at most when the queue has not been empty for `interval`."""
    exempt: tuple[str, ...] = ("/health/",)
    """Paths that begin so are always let in, and have no time limits."""


class TimeoutSettings(Part):
    """How long things may take, in seconds."""

    deadline: PositiveFloat | None = 60
    """Until the response begins, the time its body takes to come not counted. The work is cancelled, its SQL included,
    and answered with 504; `Deadline(5)` says otherwise for a route or router, `None` sets no limit."""
    body: PositiveFloat = 20
    """For the request body to come, plus one for every `body_rate` bytes of it."""
    body_rate: PositiveInt = 500
    """Bytes for which the body has a second more; slower clients are answered with 408."""
    write: PositiveFloat = 30
    """For the client to take what was sent; then its connection is closed."""
    drain: NonNegativeFloat = 0
    """Between the signal to stop and the end of accepting requests, for balancers to see that `/health/ready` fails."""
    shutdown: PositiveFloat = 20
    """After that, for requests at work to be answered before they are cancelled. Orchestrators kill after 30 in all."""


class GzipSettings(Part):
    """Compression of responses."""

    enabled: bool = True
    """Whether responses are compressed for clients that accept it."""
    minimum_size: Annotated[int, Field(ge=0)] = 1000
    """Bytes below which a response is not worth it."""
    level: Annotated[int, Field(ge=1, le=9)] = 5
    """From 1, fast, to 9, small."""


class TelemetrySettings(Part):
    """FastAPI's own OpenTelemetry signals. Off, unless enabled."""

    enabled: bool = False
    """Whether any signal is recorded. Providers are OpenTelemetry's global ones."""
    tracing: bool = True
    """Record a span for every request."""
    metrics: bool = True
    """Record durations and active requests."""
    logs: bool = True
    """Record unhandled exceptions and failed validations, with messages and stacks."""
    operation_spans: bool = True
    """Trace dependencies, endpoints and serialisation within a request."""
    auto_configure: bool = False
    """Set up OTLP exporters from the `OTEL_*` variables; needs the OpenTelemetry SDK."""
    exempt: tuple[str, ...] = ("/health/",)
    """Paths that begin so are not recorded."""


class DocsSettings(Part):
    """The API description and its pages."""

    title: str = "API"
    """The name of the API."""
    version: str = "0.1.0"
    """The version of the API."""
    description: str = ""
    """What the API is for, in Markdown."""
    openapi_url: str | None = "/openapi.json"
    """Where the description is served; `None` turns it and its pages off."""
    swagger_url: str | None = "/docs"
    """Where Swagger UI is served."""
    redoc_url: str | None = "/redoc"
    """Where ReDoc is served."""


class WebSettings(Section):
    """How a project is served."""

    prefix: MountPath = ""
    """The path that apps are mounted under, such as `/api`."""
    mounts: Mapping[str, MountPath | None] = {}
    """Apps mounted elsewhere, by label: `{"shop": "/shop"}` puts that app's router under `/shop`, not the prefix, and
    `{"auth": None}` leaves it out: the app's services are there, its routes are not."""
    access: Mapping[str, str] = {}
    """Import paths of rules that hold for whole apps, by label: `{"audit": "framework.auth:StaffRequired"}`. It takes
    the place of `access` in the app's `routes.py`; what a route or router of the app states is nearer still."""
    errors: str | None = None
    """Import path of the function that renders a `Problem`, `config.errors:render`; problem+json when `None`."""
    max_body_size: Annotated[int, Field(ge=0)] | None = 10 * 1024 * 1024
    """Bytes a request body may have, unless a route or router says otherwise; `None` for no limit."""
    host_exempt: tuple[str, ...] = ("/health/",)
    """Paths that begin so answer to any host name: probes call a server by its address."""
    trusted_proxies: tuple[Network, ...] = ()
    """Addresses and networks of the proxies in front: `("10.0.0.0/8",)`; `unix` is a proxy on a Unix socket. Only what
    they say of the client is believed, of any other caller its own address counts. List every one of a chain."""
    proxy_header: Literal["x-forwarded-for", "forwarded"] = "x-forwarded-for"
    """The header the trusted proxies write the client into. Never both: the other may come from the client."""
    load: LoadSettings = LoadSettings()
    """How much a process takes on."""
    timeouts: TimeoutSettings = TimeoutSettings()
    """How long things may take."""
    blocked_loop: NonNegativeFloat | None = None
    """Seconds after which code that keeps the event loop from turning is named in the log, with its line; 0 for never.
    When left out a fifth of a second in debug, and never otherwise."""
    request_id: RequestIdSettings = RequestIdSettings()
    """The request id."""
    cors: CorsSettings = CorsSettings()
    """Cross-origin requests."""
    security: SecuritySettings = SecuritySettings()
    """Security headers."""
    gzip: GzipSettings = GzipSettings()
    """Compression."""
    telemetry: TelemetrySettings = TelemetrySettings()
    """OpenTelemetry."""
    docs: DocsSettings = DocsSettings()
    """The API description."""
