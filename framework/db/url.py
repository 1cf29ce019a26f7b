"""Where a database is: a URL as platforms write it, translated for the async drivers. Loads none of them.

`postgres://` and `postgresql://` run on asyncpg, `sqlite:///` on aiosqlite. What libpq takes as parameters of the URL
becomes what asyncpg takes as arguments; a parameter that neither knows is an error, because ignoring it could mean
connecting without TLS or to the wrong server.
"""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, unquote

from framework.errors import ImproperlyConfigured

if TYPE_CHECKING:
    from sqlalchemy import URL

__all__ = ["DatabaseURL"]

SCHEMES: Mapping[str, Literal["postgresql", "sqlite"]] = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "postgres+asyncpg": "postgresql",
    "postgresql+asyncpg": "postgresql",
    "sqlite": "sqlite",
    "sqlite+aiosqlite": "sqlite",
}
DRIVERS = {"postgresql": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}
WANTED = "'postgresql://user:password@host/name' or 'sqlite:///file.sqlite3'"

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
SESSION_ATTRS = ("any", "primary", "standby", "read-write", "read-only", "prefer-standby")


@dataclass(frozen=True, slots=True)
class DatabaseURL:
    """One database: its kind, its address, and what its driver must be told beside the address."""

    backend: Literal["postgresql", "sqlite"]
    """What the database is."""
    database: str
    """The name of the database; for SQLite the absolute path of the file."""
    username: str | None = None
    """Who connects."""
    password: str | None = field(default=None, repr=False)
    """The password, in clear."""
    host: str | None = None
    """The server; `None` for SQLite, and where `connect_args` name a socket or several servers."""
    port: int | None = None
    """The server's port; `None` for the usual one."""
    connect_args: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)
    """Arguments for the driver's `connect`, as `create_async_engine(connect_args=…)` takes them."""
    servers: tuple[str, ...] = ()
    """The servers, where there are several, or a socket; `connect_args` holds them too."""

    @classmethod
    def parse(cls, url: str, *, root: Path) -> "DatabaseURL":
        """Return what `url` says; relative files are found from `root`, never from the current folder.

        Raises `ImproperlyConfigured` (`db.url`) for anything it does not understand. Messages never hold the password.
        """
        scheme, separator, rest = url.strip().partition("://")
        backend = SCHEMES.get(scheme.lower())
        if not separator:
            raise unusable("is no URL", wanted=WANTED)
        if backend is None:
            raise unusable(f"starts with {scheme + '://'!r}", wanted=WANTED)
        address, _, query = rest.partition("?")
        return (parse_sqlite if backend == "sqlite" else parse_postgresql)(address, parameters(query), root)

    @property
    def path(self) -> Path | None:
        """The file of an SQLite database, else `None`."""
        return Path(self.database) if self.backend == "sqlite" else None

    def to_sqlalchemy(self) -> "URL":
        """Return the URL for `create_async_engine`, to be used together with `connect_args`."""
        from sqlalchemy import URL

        return URL.create(
            DRIVERS[self.backend],
            username=self.username,
            password=self.password,
            host=self.host,
            port=self.port,
            database=self.database or None,
        )

    def __str__(self) -> str:
        """Return the address for people: no password, no parameters."""
        if self.backend == "sqlite":
            return f"sqlite:///{self.database}"
        user = f"{self.username}@" if self.username else ""
        port = f":{self.port}" if self.port else ""
        return f"postgresql://{user}{self.host or ','.join(self.servers)}{port}/{self.database}"


def unusable(found: str, *, wanted: str, hint: str | None = None) -> ImproperlyConfigured:
    """Return the error for a URL, which must never be printed itself: it may hold a password."""
    return ImproperlyConfigured(f"The database URL {found}; wanted {wanted}.", hint=hint, code="db.url")


def parameters(query: str) -> dict[str, str]:
    """Return the parameters after the `?`; an empty one counts as absent, the last of several counts."""
    return dict(parse_qsl(query))


def unknown(backend: str, names: Mapping[str, object], known: Mapping[str, object]) -> ImproperlyConfigured:
    """Return the error for parameters nobody would read."""
    listed = ", ".join(repr(name) for name in names)
    near = [match for name in names for match in difflib.get_close_matches(name, known, 1)]
    hint = f"Did you mean {near[0]!r}?" if near else "Take it out of the URL."
    return unusable(f"has the parameter {listed}", wanted=f"for {backend} only {', '.join(sorted(known))}", hint=hint)


# SQLite ------------------------------------------------------------------------------------------------------------

SQLITE_ARGUMENTS: Mapping[str, Callable[[str], object]] = {"timeout": float, "cached_statements": int}


def parse_sqlite(address: str, query: dict[str, str], root: Path) -> DatabaseURL:
    """Read `/relative/file` or `//absolute/file`, what stands between `sqlite://` and `?`."""
    name = unquote(address.removeprefix("/"))
    if not address.startswith("/") and address:
        raise unusable("has two slashes after 'sqlite:'", wanted="three for a relative file, four for an absolute one")
    if name in ("", ":memory:") or name.startswith("file:"):
        # Each connection would get a database of its own, and one shared connection loses rows under concurrency.
        raise unusable("names no file", wanted="'sqlite:///file.sqlite3'; tests use a temporary file")
    if strangers := {key: value for key, value in query.items() if key not in SQLITE_ARGUMENTS}:
        raise unknown("SQLite", strangers, SQLITE_ARGUMENTS)
    arguments = {key: number(key, value, SQLITE_ARGUMENTS[key]) for key, value in query.items()}
    return DatabaseURL("sqlite", str(root / name), connect_args=arguments)


def number(name: str, value: str, convert: Callable[[str], object]) -> object:
    """Return `value` converted, or say which parameter is no number."""
    try:
        return convert(value)
    except ValueError:
        raise unusable(f"has {name}={value!r}", wanted="a number") from None


# PostgreSQL --------------------------------------------------------------------------------------------------------

NUMBERS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "connect_timeout": ("timeout", float),
    "command_timeout": ("command_timeout", float),
    "statement_cache_size": ("statement_cache_size", int),
    "prepared_statement_cache_size": ("prepared_statement_cache_size", int),
}
CERTIFICATES = ("sslcert", "sslkey", "sslrootcert", "sslcrl")
"""Files, found from the root."""
SSL_TEXTS = ("sslpassword", "sslnegotiation", "ssl_min_protocol_version", "ssl_max_protocol_version")
PLACE = ("host", "port", "user", "password", "dbname")
"""What a URL may also give as parameters, as Cloud SQL does with its sockets."""
SERVER = ("application_name", "options")
"""Sent to the server as they are."""
KNOWN = dict.fromkeys(
    (*PLACE, *SERVER, *NUMBERS, *CERTIFICATES, *SSL_TEXTS, "sslmode", "ssl", "channel_binding", "target_session_attrs")
)


def parse_postgresql(address: str, query: dict[str, str], root: Path) -> DatabaseURL:
    """Read `user:password@host:port,host:port/name`, what stands between `postgresql://` and `?`."""
    if strangers := {key: value for key, value in query.items() if key not in KNOWN}:
        raise unknown("PostgreSQL", strangers, KNOWN)
    # The last @ ends the password, so that one with an unescaped @ or / still works.
    credentials, _, place = address.rpartition("@")
    username, _, password = credentials.partition(":")
    hosts, _, database = place.partition("/")
    servers = split_hosts(query.get("host") or hosts, query.get("port"))
    arguments: dict[str, object] = {**tls(query, root)}
    if settings := {name: query[name] for name in SERVER if name in query}:
        arguments["server_settings"] = settings
    if attrs := query.get("target_session_attrs"):
        arguments["target_session_attrs"] = choice("target_session_attrs", attrs, SESSION_ATTRS)
    for name, (argument, convert) in NUMBERS.items():
        if name in query:
            arguments[argument] = number(name, query[name], convert)
    single = servers[0] if len(servers) == 1 and not servers[0][0].startswith("/") else None
    if single is None and servers:
        arguments["host"] = [host for host, _ in servers]
        arguments["port"] = [port or 5432 for _, port in servers]
    return DatabaseURL(
        "postgresql",
        query.get("dbname") or unquote(database),
        username=query.get("user") or unquote(username) or None,
        password=query.get("password") or unquote(password) or None,
        host=single[0] if single else None,
        port=single[1] if single else None,
        connect_args=arguments,
        servers=() if single else tuple(host for host, _ in servers),
    )


def split_hosts(hosts: str, ports: str | None) -> list[tuple[str, int | None]]:
    """Return the servers of `a:5432,[::1]:5433`; `ports` holds one for all, or one for each."""
    if not hosts:
        return [("localhost", port_number(ports))] if ports else []
    names = hosts.split(",")
    given = ports.split(",") if ports else []
    if len(given) not in (0, 1, len(names)):
        raise unusable(f"has {len(given)} ports for {len(names)} hosts", wanted="one port, or one for each host")
    servers: list[tuple[str, int | None]] = []
    for index, name in enumerate(names):
        host, port = split_port(unquote(name))
        shared = given[0 if len(given) == 1 else index] if given else None
        servers.append((host, port_number(port or shared)))
    return servers


def split_port(name: str) -> tuple[str, str | None]:
    """Split `host:port`, `[v6]:port`; the path of a socket (and Cloud SQL's has colons) holds no port."""
    if name.startswith("/"):
        return name, None
    if name.startswith("["):
        host, _, rest = name[1:].partition("]")
        return host, rest.removeprefix(":") or None
    host, _, port = name.partition(":")
    return host, port or None


def port_number(text: str | None) -> int | None:
    """Return a port that exists, or `None` when none is given."""
    if text is None:
        return None
    if not (text.isdecimal() and 0 < int(text) < 65536):
        raise unusable("has a port that is no number from 1 to 65535", wanted="'host:5432'", hint=ESCAPE)
    return int(text)


ESCAPE = "A password with '@', ':', '/', '?' or '#' is written percent-encoded: '%40', '%3A', '%2F', '%3F', '%23'."


def choice(name: str, value: str, allowed: tuple[str, ...]) -> str:
    """Return `value`, or say what `name` may be."""
    if value not in allowed:
        raise unusable(f"has {name}={value!r}", wanted=f"one of {', '.join(allowed)}")
    return value


def tls(query: Mapping[str, str], root: Path) -> dict[str, object]:
    """Return asyncpg's arguments for an encrypted connection."""
    mode = query.get("sslmode") or {"true": "require", "false": "disable"}.get(query.get("ssl", ""), query.get("ssl"))
    if mode:
        choice("sslmode", mode, SSL_MODES)
    binding = choice("channel_binding", query.get("channel_binding", "prefer"), ("disable", "prefer", "require"))
    if binding == "require" and mode in (None, "allow", "prefer"):
        # asyncpg has no channel binding. What it protects is the encrypted connection, so at least that is a must.
        mode = "require"
    elif binding == "require" and mode == "disable":
        raise unusable("has sslmode='disable' and channel_binding='require'", wanted="only one of them")
    if query.get("sslrootcert") == "system":
        import ssl

        return {"ssl": ssl.create_default_context()}
    files = {name: str(root / Path(query[name]).expanduser()) for name in CERTIFICATES if name in query}
    texts = {name: query[name] for name in SSL_TEXTS if name in query}
    if files or texts:
        # asyncpg takes these as parameters of a DSN only; what stands in the arguments wins over the DSN.
        from urllib.parse import urlencode

        return {"dsn": "postgresql://?" + urlencode({"sslmode": mode or "prefer", **files, **texts})}
    return {"ssl": mode} if mode else {}
