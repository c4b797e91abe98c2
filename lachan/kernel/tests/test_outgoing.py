"""Requests to the outside reach the open internet alone, once, and end in time."""

import socket
import threading
import time

import pytest

from lachan.kernel import outgoing
from lachan.kernel.outgoing import AddressPrivate, ServerUnreachable, address_is_public, post

INSIDE = """
127.0.0.1 127.8.9.10 0.0.0.0 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 169.254.169.254
192.0.2.1 198.51.100.7 203.0.113.9 198.18.0.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
192.0.0.8 192.0.0.192 168.63.129.16 100.100.100.200
::1 :: fe80::1 fe80::1%eth0 fc00::1 fd12:3456::1 fec0::1 ff02::1 ff0e::1 2001:db8::1
::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 2002:7f00:1::
2002:c0a8:101:: 2001:0:7f00:1::
"""
OUTSIDE = ["1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "2606:4700::1111", "64:ff9b::101:101"]


@pytest.mark.parametrize("address", INSIDE.split())
def test_it_knows_what_is_not_public(address):
    assert not address_is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_it_knows_what_is_public(address):
    assert address_is_public(address)


def resolves_to(monkeypatch, *answers):
    """Each look-up gets the next answer; the number of look-ups."""
    asked = []

    def getaddrinfo(host, port, **options):
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        family = socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_that_leads_inside_is_asked_nothing(monkeypatch):
    resolves_to(monkeypatch, ["10.0.0.1", "169.254.169.254"])
    with pytest.raises(AddressPrivate):
        post("https://push.example/x", headers={}, body=b"")


def test_it_connects_to_what_it_looked_at_and_to_nothing_else(monkeypatch):
    """DNS rebinding: the second answer would be the router."""
    asked = resolves_to(monkeypatch, ["8.8.8.8", "10.0.0.1"], ["127.0.0.1"])
    tried = []

    class Socket(socket.socket):
        def connect(self, place):
            tried.append(place)
            raise ConnectionRefusedError

    monkeypatch.setattr(outgoing.socket, "socket", Socket)
    with pytest.raises(ServerUnreachable):
        post("https://push.example/x", headers={}, body=b"")
    assert (asked, tried) == (["push.example"], [("8.8.8.8", 443)])


@pytest.mark.parametrize("url", ["http://push.example/", "https:///x", "ftp://push.example", "x"])
def test_it_speaks_https_alone(url):
    with pytest.raises(ValueError, match="https"):
        post(url, headers={}, body=b"")


def test_it_waits_no_longer_than_told_for_a_server_that_says_nothing():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port, began = silent.getsockname()[1], time.monotonic()
        with pytest.raises(ServerUnreachable):
            post(f"https://127.0.0.1:{port}/", headers={}, body=b"", is_trusted=True, seconds=0.2)
        assert time.monotonic() - began < 5


def test_it_waits_no_longer_for_one_that_says_a_byte_at_a_time(monkeypatch):
    from tests.push_service import PushService

    with PushService() as service:
        monkeypatch.setenv("SSL_CERT_FILE", str(service.authority))
        stop = threading.Event()

        def trickle(path, headers, body):
            stop.wait(3)
            return 201, {}

        service.take = trickle
        with pytest.raises(ServerUnreachable):
            post(f"{service.origin}/x", headers={}, body=b"", is_trusted=True, seconds=0.3)
        stop.set()


def test_a_header_cannot_be_broken_out_of(monkeypatch):
    from tests.push_service import PushService

    with PushService() as service:
        monkeypatch.setenv("SSL_CERT_FILE", str(service.authority))
        with pytest.raises(ValueError, match="header"):
            post(f"{service.origin}/x", headers={"A": "b\r\nC: d"}, body=b"", is_trusted=True)
