"""Who the client is when proxies stand between: what trusted ones say of it, and nothing else."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal

from starlette.types import Scope

UNIX = "unix"
"""Stands among trusted proxies for a peer on a Unix socket, which has no address."""

type Address = IPv4Address | IPv6Address

_REMEMBERED = 1024
_SCHEMES = ("http", "https", "ws", "wss")


class Proxies:
    """Puts the client's address and scheme in the place of a trusted proxy's, as its header says.

    The header is read from its right end, where each proxy adds whom it was called by: the first address that is no
    trusted proxy is the client. What stands left of it the client may have made up.
    """

    def __init__(self, trusted: Sequence[str], header: Literal["x-forwarded-for", "forwarded"]) -> None:
        self._unix = UNIX in trusted
        self._networks: list[IPv4Network | IPv6Network] = [ip_network(each) for each in trusted if each != UNIX]
        self._header = header.encode()
        self._hops = _forwarded if header == "forwarded" else _x_forwarded
        self._known: dict[str, bool] = {}

    def apply(self, scope: Scope) -> None:
        """Rewrite `client` and `scheme` of a request that came through a trusted proxy."""
        if not self._trusts_peer(scope.get("client")):
            return
        values, scheme = list[bytes](), b""
        for name, value in scope["headers"]:
            if name == self._header:
                values.append(value)
            elif name == b"x-forwarded-proto" and self._hops is _x_forwarded:
                scheme = value
        found: tuple[Address, int] | None = None
        for address, port, proto in self._hops(b",".join(values).decode("latin-1")):
            if address is None:
                break  # garbage, or hidden: who it was is not known, so it is the last one that is
            found, scheme = (address, port), proto.encode() or scheme
            if not self._trusts(address):
                break
        if found is not None:
            scope["client"] = (str(found[0]), found[1])
        self._set_scheme(scope, scheme)

    def _set_scheme(self, scope: Scope, value: bytes) -> None:
        scheme = value.rpartition(b",")[2].strip().decode("latin-1").lower()
        if scheme in _SCHEMES:
            secure = scheme.endswith("s")
            plain = "ws" if scope["type"] == "websocket" else "http"
            scope["scheme"] = plain + "s" * secure

    def _trusts_peer(self, client: Sequence[object] | None) -> bool:
        host = str(client[0]) if client else ""
        if not host:
            return self._unix
        known = self._known.get(host)
        if known is None:
            address = parsed(host)
            known = address is not None and self._trusts(address)
            if len(self._known) < _REMEMBERED:  # who calls us directly is a stranger's to choose
                self._known[host] = known
        return known

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def parsed(text: str) -> Address | None:
    """Return the address that `text` is, or `None`. An IPv4 address within IPv6 is an IPv4 address; zones are left out.

    A zone says which of the own network cards a neighbour is on, and a neighbour may have many.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def client_key(scope: Scope) -> str:
    """Return what the client of an ASGI scope is counted by: its address, or of IPv6 the /64 that one customer has.

    Empty when there is no address, as with a Unix socket or a test client without one.
    """
    client: Sequence[object] | None = scope.get("client")
    host = str(client[0]) if client else ""
    if ":" not in host or (address := parsed(host)) is None:
        return host
    return str(IPv6Network((int(address), 64), strict=False)) if isinstance(address, IPv6Address) else str(address)


type Hop = tuple[Address | None, int, str]
"""An address, its port or 0, and the scheme it called with, as far as the header says that."""


def _x_forwarded(value: str) -> Iterator[Hop]:
    """Yield the hops of `X-Forwarded-For`, the nearest first."""
    while value:
        value, _, hop = value.rpartition(",")
        yield *_node(hop.strip()), ""


def _forwarded(value: str) -> Iterator[Hop]:
    """Yield the hops of `Forwarded` (RFC 7239), the nearest first."""
    while value:
        value, _, element = value.rpartition(",")
        pairs = (pair.partition("=") for pair in element.split(";"))
        given = {name.strip().lower(): text.strip().strip('"') for name, _, text in pairs}
        yield *_node(given.get("for", "")), given.get("proto", "")


def _node(text: str) -> tuple[Address | None, int]:
    """Return address and port of `1.2.3.4`, `1.2.3.4:80`, `::1`, `[::1]` and `[::1]:80`."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    else:
        host, port = text, ""
    return parsed(host), int(port) if port.isascii() and port.isdigit() and len(port) < 6 else 0
