"""Where `runserver` listens: Django's address forms, and a bound socket or one sentence."""

import errno
import os
import re
import socket
from dataclasses import dataclass

from framework.errors import CommandError

FORM = re.compile(r"(?:(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*):)?(?P<port>\d+)", re.ASCII)
DEFAULT_PORT = 8000


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port to listen on."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    ipv6: bool = False

    @property
    def url(self) -> str:
        """The address as one would type it into a browser."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}/"


def parse(text: str | None, *, ipv6: bool = False) -> Address:
    """Return the address written as `8000`, `0:8000`, `1.2.3.4:8000`, `[::1]:8000` or `localhost:8000`."""
    loopback, everywhere = ("::1", "::") if ipv6 else ("127.0.0.1", "0.0.0.0")  # noqa: S104 — asked for, as `0`
    if text is None:
        return Address(loopback, ipv6=ipv6)
    match = FORM.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        raise CommandError(
            f'"{text}" is not a valid port number or address:port pair.',
            hint="Write a port from 0 to 65535, or an address and a port: 0.0.0.0:8000, [::1]:8000, localhost:8000.",
            code="runserver.address",
        )
    host, port = match["host"] or loopback, int(match["port"])
    if host.startswith("["):
        return Address(host[1:-1], port, ipv6=True)
    return Address(everywhere if host == "0" else host, port, ipv6=ipv6)


def bind(address: Address) -> tuple[socket.socket, Address]:
    """Return a listening socket and the address it got, which differs when any free port (0) was asked for."""
    try:
        family = socket.AF_INET6 if address.ipv6 else socket.AF_UNSPEC
        found = socket.getaddrinfo(address.host, address.port, family, socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # `localhost` is both; most of what calls it tries IPv4.
        family, _, _, _, target = min(found, key=lambda entry: entry[0] == socket.AF_INET6)
    except OSError as error:
        raise _refused(address, error) from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(target)
        # Listening at once makes a taken port fail here, and lets clients wait while the project loads or reloads.
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise _refused(address, error) from error
    return listener, Address(address.host, listener.getsockname()[1], address.ipv6)


def _refused(address: Address, error: OSError) -> CommandError:
    match error.errno:
        case errno.EADDRINUSE:
            hint = f"Stop what listens there, or choose another: python manage.py runserver {address.port % 65535 + 1}"
            return CommandError("That port is already in use.", hint=hint, code="runserver.port-in-use")
        case errno.EACCES:
            hint = "Ports below 1024 belong to root; choose one above."
            return CommandError(
                "You don't have permission to access that port.", hint=hint, code="runserver.permission"
            )
        case _:
            return CommandError(f"That IP address can't be assigned to: {address.host!r}.", code="runserver.address")
