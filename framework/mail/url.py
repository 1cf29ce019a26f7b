"""Where mails go: a URL, as platforms write it. Loads no client."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote

from framework.errors import ImproperlyConfigured

__all__ = ["MailURL"]

type Kind = Literal["console", "memory", "file", "smtp"]
type Encryption = Literal["tls", "starttls", "opportunistic", "none"]

WANTED = "'smtp://user:password@host:587', 'smtps://user:password@host', 'console:', 'file:folder' or 'memory:'"
STARTTLS: Mapping[str, Encryption] = {"require": "starttls", "auto": "opportunistic", "off": "none"}
SUBMISSION, SUBMISSIONS = 587, 465


@dataclass(frozen=True, slots=True)
class MailURL:
    """One place for mails."""

    kind: Kind
    """Which mailer it means."""
    path: Path = Path()
    """The folder of `file:`."""
    host: str = ""
    """The SMTP server."""
    port: int = 0
    """Its port; 587 when the URL has none, and 465 for `smtps:`."""
    username: str | None = None
    """Who logs in; nobody when `None`."""
    password: str = field(default="", repr=False)
    """The password, in clear."""
    encryption: Encryption = "starttls"
    """`tls` from the first byte, `starttls` or no mail, `opportunistic` STARTTLS, or `none`."""
    ca: Path | None = None
    """The certificates to trust instead of the system's."""

    @classmethod
    def parse(cls, url: str, *, root: Path) -> "MailURL":
        """Return what `url` says; relative files are found from `root`.

        Raises `ImproperlyConfigured` (`mail.url`) for anything it does not understand. Messages never hold the
        password. `smtp://` wants STARTTLS: a server on this machine may do without, `?starttls=auto` and
        `?starttls=off` allow it for another.
        """
        scheme, colon, rest = url.strip().partition(":")
        match scheme.lower():
            case ("console" | "memory") as kind if colon and not rest:
                return cls(kind)
            case "file" if rest.strip("/"):
                return cls("file", path=root / unquote(rest.removeprefix("//")))
            case ("smtp" | "smtps") as kind if rest.startswith("//"):
                return _smtp(rest.removeprefix("//"), root, implicit=kind == "smtps")
            case _:
                found = f"starts with {scheme + ':'!r}" if colon else "is no URL"
                raise _unusable(found, wanted=WANTED)


def _smtp(address: str, root: Path, *, implicit: bool) -> MailURL:
    place, _, query = address.partition("?")
    # The last @ ends the password, so that one with an unescaped @ still works.
    credentials, _, server = place.rstrip("/").rpartition("@")
    username, _, password = credentials.partition(":")
    host, port = _server(server, SUBMISSIONS if implicit else SUBMISSION)
    parameters = dict(parse_qsl(query))
    known = ("ca",) if implicit else ("ca", "starttls")
    if strangers := [name for name in parameters if name not in known]:
        raise _unusable(f"has the parameter {strangers[0]!r}", wanted=f"only {' and '.join(known)}")
    starttls = parameters.get("starttls", "auto" if _is_here(host) else "require")
    if starttls not in STARTTLS:
        raise _unusable(f"has starttls={starttls!r}", wanted=f"one of {', '.join(STARTTLS)}")
    return MailURL(
        "smtp",
        host=host,
        port=port,
        username=unquote(username) or None,
        password=unquote(password),
        encryption="tls" if implicit else STARTTLS[starttls],
        ca=root / parameters["ca"] if "ca" in parameters else None,
    )


def _server(server: str, usual: int) -> tuple[str, int]:
    if server.startswith("["):
        host, _, port = server[1:].partition("]")
        port = port.removeprefix(":")
    else:
        host, _, port = server.partition(":")
    if not host:
        raise _unusable("names no server", wanted=WANTED)
    if port and not (port.isdecimal() and 0 < int(port) < 65536):
        raise _unusable("has a port that is no number from 1 to 65535", wanted="'smtp://user:password@host:587'")
    return host, int(port or usual)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _unusable(found: str, *, wanted: str) -> ImproperlyConfigured:
    """Return the error for a URL, which must never be printed itself: it may hold a password."""
    hint = "A password with '@', ':', '/', '?' or '#' is written percent-encoded: '%40', '%3A', '%2F', '%3F', '%23'."
    return ImproperlyConfigured(f"The URL for mails {found}; wanted {wanted}.", hint=hint, code="mail.url")
