"""Django's address forms, and one sentence for what cannot be listened on."""

import socket

import pytest

from framework.errors import CommandError
from framework.management.address import Address, bind, parse


@pytest.mark.parametrize(
    ("text", "ipv6", "url"),
    [
        (None, False, "http://127.0.0.1:8000/"),
        (None, True, "http://[::1]:8000/"),
        ("8001", False, "http://127.0.0.1:8001/"),
        ("8001", True, "http://[::1]:8001/"),
        ("0:8000", False, "http://0.0.0.0:8000/"),
        ("0:8000", True, "http://[::]:8000/"),
        ("1.2.3.4:8000", False, "http://1.2.3.4:8000/"),
        ("[::1]:8000", False, "http://[::1]:8000/"),
        ("localhost:8000", False, "http://localhost:8000/"),
        ("my-host.example.com:65535", False, "http://my-host.example.com:65535/"),
    ],
)
def test_every_form_of_django_is_understood(text: str | None, ipv6: bool, url: str) -> None:
    assert parse(text, ipv6=ipv6).url == url


@pytest.mark.parametrize("text", ["abc", "99999", "65536", "-1", "", ":8000", "::1:8000", "1.2.3.4:", "a b:1", "٣"])
def test_what_is_no_address_is_refused_in_djangos_words(text: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse(text)
    assert caught.value.message == f'"{text}" is not a valid port number or address:port pair.'


def test_port_zero_gets_a_free_port_that_is_told() -> None:
    listener, address = bind(Address(port=0))
    with listener, socket.create_connection((address.host, address.port), timeout=5):
        assert address.port == listener.getsockname()[1] != 0


def test_ipv6_is_listened_on() -> None:
    listener, address = bind(parse("[::1]:0"))
    with listener:
        assert (listener.family, address.url) == (socket.AF_INET6, f"http://[::1]:{address.port}/")


def test_localhost_is_ipv4_where_both_stand() -> None:
    listener, _ = bind(parse("localhost:0"))
    with listener:
        assert listener.family == socket.AF_INET


def test_a_taken_port_is_one_sentence() -> None:
    listener, address = bind(Address(port=0))
    with listener, pytest.raises(CommandError) as caught:
        bind(address)
    assert caught.value.message == "That port is already in use."


@pytest.mark.parametrize("text", ["192.0.2.1:0", "no-such-host.invalid:0", "999.1.1.1:0"])
def test_an_address_of_another_machine_is_one_sentence(text: str) -> None:
    with pytest.raises(CommandError, match="That IP address can't be assigned to"):
        bind(parse(text))
