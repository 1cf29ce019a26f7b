"""Who the client is: only trusted proxies are believed, read from the right, and garbage moves nobody."""

import json
import logging
import socket
from contextlib import closing

import pytest
from pydantic import ValidationError

from framework.web import WebSettings, client_key
from framework.web.proxies import Proxies

TRUSTED = ("10.0.0.0/8", "2001:db8:aaaa::/48", "127.0.0.1")


def seen(peer, *headers, trusted=TRUSTED, header="x-forwarded-for", kind="http", scheme="http"):
    scope = {
        "type": kind,
        "scheme": scheme,
        "client": peer,
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
    }
    Proxies(trusted, header).apply(scope)
    return scope


def for_(value):
    return ("X-Forwarded-For", value)


@pytest.mark.parametrize(
    ("peer", "header", "client"),
    [
        # Nobody who is not trusted is believed.
        ("192.0.2.1", "1.1.1.1", "192.0.2.1"),
        ("192.0.2.1", "10.0.0.1", "192.0.2.1"),
        ("11.0.0.1", "1.1.1.1", "11.0.0.1"),
        # The right-most that is no trusted proxy; what stands left of it was made up.
        ("10.0.0.1", "1.1.1.1", "1.1.1.1"),
        ("10.0.0.1", "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        ("10.0.0.1", "6.6.6.6, 1.1.1.1, 10.2.2.2", "1.1.1.1"),
        ("10.0.0.1", "10.9.9.9, 10.2.2.2", "10.9.9.9"),
        ("10.0.0.1", "6.6.6.6,1.1.1.1 ,10.2.2.2", "1.1.1.1"),
        # IPv6, ports, brackets, zones, IPv4 within IPv6.
        ("2001:db8:aaaa::1", "2001:db8::5", "2001:db8::5"),
        ("10.0.0.1", "[2001:db8::5]:443", "2001:db8::5"),
        ("10.0.0.1", "2001:0DB8:0::5", "2001:db8::5"),
        ("10.0.0.1", "fe80::1%eth0", "fe80::1"),
        ("10.0.0.1", "1.1.1.1:5555", "1.1.1.1"),
        ("::ffff:10.0.0.1", "1.1.1.1", "1.1.1.1"),
        ("10.0.0.1", "::ffff:1.1.1.1", "1.1.1.1"),
        ("10.0.0.1", "6.6.6.6, ::ffff:10.0.0.2", "6.6.6.6"),
        # Garbage ends the walk at the last that is known.
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6, nonsense", "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6, nonsense, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "6.6.6.6, , 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "1.1.1.1,", "10.0.0.1"),
        ("10.0.0.1", "999.1.1.1", "10.0.0.1"),
        ("10.0.0.1", "01.1.1.1", "10.0.0.1"),
        ("10.0.0.1", "é\x00<script>", "10.0.0.1"),
        ("10.0.0.1", "[::1", "::1"),
        ("10.0.0.1", "1.1.1.1:abc", "1.1.1.1"),
        ("not an address", "1.1.1.1", "not an address"),
    ],
)
def test_the_client_is_the_right_most_that_is_no_trusted_proxy(peer, header, client):
    assert seen((peer, 1), for_(header))["client"][0] == client


def test_several_lines_of_the_header_are_one_list():
    assert seen(("10.0.0.1", 1), for_("6.6.6.6"), for_("1.1.1.1, 10.0.0.2"))["client"][0] == "1.1.1.1"
    assert seen(("10.0.0.1", 1), for_("1.1.1.1"), for_("10.0.0.2"))["client"][0] == "1.1.1.1"


def test_the_port_is_the_clients_where_it_is_said():
    assert seen(("10.0.0.1", 1), for_("1.1.1.1:5555"))["client"] == ("1.1.1.1", 5555)
    assert seen(("10.0.0.1", 1), for_("1.1.1.1"))["client"] == ("1.1.1.1", 0)
    assert seen(("10.0.0.1", 1), for_("1.1.1.1:99999999999"))["client"] == ("1.1.1.1", 0)


def test_a_peer_on_a_unix_socket_is_trusted_when_that_is_said():
    for peer in (None, ("", 0)):
        assert seen(peer, for_("1.1.1.1"))["client"] == peer
        assert seen(peer, for_("1.1.1.1"), trusted=("unix",))["client"][0] == "1.1.1.1"


@pytest.mark.parametrize(
    ("value", "client", "scheme"),
    [
        ("for=1.1.1.1", "1.1.1.1", "http"),
        ('for="[2001:db8::5]:443";proto=https;by=10.0.0.1', "2001:db8::5", "https"),
        ('For=6.6.6.6, for="1.1.1.1:80" ; PROTO=https, for=10.0.0.2;proto=http', "1.1.1.1", "https"),
        ("for=_hidden", "10.0.0.1", "http"),
        ('for="6.6.6.6, for=1.1.1.1', "1.1.1.1", "http"),
        ("proto=https", "10.0.0.1", "http"),
        ("nonsense", "10.0.0.1", "http"),
    ],
)
def test_forwarded_is_read_where_it_is_chosen(value, client, scheme):
    found = seen(("10.0.0.1", 1), ("Forwarded", value), header="forwarded")
    assert (found["client"][0], found["scheme"]) == (client, scheme)


def test_only_the_chosen_header_is_read():
    both = (("Forwarded", "for=6.6.6.6;proto=https"), for_("1.1.1.1"))
    assert seen(("10.0.0.1", 1), *both)["client"][0] == "1.1.1.1"
    assert seen(("10.0.0.1", 1), *both)["scheme"] == "http"
    other = seen(("10.0.0.1", 1), for_("6.6.6.6"), ("X-Forwarded-Proto", "https"), header="forwarded")
    assert (other["client"][0], other["scheme"]) == ("10.0.0.1", "http")


@pytest.mark.parametrize(
    ("peer", "kind", "value", "scheme"),
    [
        ("10.0.0.1", "http", "https", "https"),
        ("10.0.0.1", "http", " HTTPS ", "https"),
        ("10.0.0.1", "http", "http", "http"),
        ("10.0.0.1", "http", "http, https", "https"),
        ("10.0.0.1", "http", "gopher", "http"),
        ("10.0.0.1", "websocket", "https", "wss"),
        ("10.0.0.1", "websocket", "wss", "wss"),
        ("192.0.2.1", "http", "https", "http"),
    ],
)
def test_the_scheme_is_what_a_trusted_proxy_was_called_with(peer, kind, value, scheme):
    plain = "ws" if kind == "websocket" else "http"
    assert seen((peer, 1), ("X-Forwarded-Proto", value), kind=kind, scheme=plain)["scheme"] == scheme


@pytest.mark.parametrize(
    ("client", "key"),
    [
        (("192.0.2.1", 5), "192.0.2.1"),
        (("2001:db8:1:2:3:4:5:6", 5), "2001:db8:1:2::/64"),
        (("::1", 5), "::/64"),
        (("fe80::1%eth0", 5), "fe80::/64"),
        (("::ffff:192.0.2.1", 5), "192.0.2.1"),
        (("testclient", 5), "testclient"),
        (("not:an:address", 5), "not:an:address"),
        (None, ""),
    ],
)
def test_clients_are_counted_by_address_and_of_ipv6_by_the_network_that_one_customer_has(client, key):
    assert client_key({"type": "http", "client": client}) == key


@pytest.mark.parametrize("value", ["10.0.0.1/8", "proxy.example", "*", ""])
def test_a_proxy_that_is_no_network_fails_with_the_settings(value):
    with pytest.raises(ValidationError, match="write an address, a network"):
        WebSettings(trusted_proxies=(value,))


# Served --------------------------------------------------------------------------------------------------------------

ECHO = """
from fastapi import APIRouter, Request
router = APIRouter()
@router.get("/who")
async def who(request: Request): return [request.client.host, str(request.url_for("echo:who"))]
"""


def ask(connection: socket.socket, header: str) -> list[str]:
    connection.sendall(f"GET /who HTTP/1.1\r\nHost: localhost\r\n{header}\r\nConnection: close\r\n\r\n".encode())
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return json.loads(received.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize("trusted", [(), ("127.0.0.1",)])
def test_on_a_socket_routes_and_the_request_log_see_the_client(build, serve, write, caplog, trusted):
    project = build(write("echo", routes=ECHO), web=WebSettings(trusted_proxies=trusted))
    url = serve(project, proxy_headers=False)
    host, port = url.removeprefix("http://").split(":")
    with caplog.at_level(logging.INFO, "framework.requests"), closing(socket.create_connection((host, port))) as peer:
        found = ask(peer, "X-Forwarded-For: 6.6.6.6, 192.0.2.7\r\nX-Forwarded-Proto: https")
    client, scheme = ("192.0.2.7", "https") if trusted else ("127.0.0.1", "http")
    assert found == [client, f"{scheme}://localhost/who"]
    *_, line = (record for record in caplog.records if record.name == "framework.requests")
    assert line.client == client


def test_on_a_unix_socket_the_client_is_whom_the_proxy_names(build, serve, write, tmp_path):
    project = build(write("echo", routes=ECHO), web=WebSettings(trusted_proxies=("unix",)))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    listener.listen()
    serve(project, proxy_headers=False, listener=listener)
    with closing(socket.socket(socket.AF_UNIX)) as peer:
        peer.connect(str(tmp_path / "s"))
        assert ask(peer, "X-Forwarded-For: 192.0.2.7")[0] == "192.0.2.7"
