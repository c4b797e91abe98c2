"""A whole instance, set as docs/howto/run.md sets it, comes up and says so; a part that falls is named."""

import signal
import socket

import pytest

from tests.instance import Instance

pytestmark = pytest.mark.faults


def test_it_comes_up_under_the_hosts_that_it_is_given(tmp_path):
    settings = {
        "LACHAN_HTTPS": "1",
        "LACHAN_HOSTS": "report.example",
        "LACHAN_ORIGINS": "https://report.example",
    }
    instance = Instance(tmp_path, anew=True, **settings)
    try:
        instance.start(wait=False)
        instance.until(lambda: instance.rcode("ready.test"), "to answer names")
        # While the others begin, so that nobody waits twice.
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            instance.kill("dns", signal.SIGKILL)
            instance.until(lambda: _binds(taken, instance.dns_port), "to leave the port")
            instance.until(lambda: "for want of dns: it ends" in instance.said(), "to name it")
            assert "Lá Chắn is up (" not in instance.said()
        assert "in use" in instance.said().lower().partition("for want of dns")[2]
        instance.until(lambda: "Lá Chắn is up (" in instance.said(), "to say that it is up")
        said = instance.said()
        assert "dns answers now." in said.partition("Lá Chắn is up (")[0]
        assert "dns, family, matching, shield, web, worker have answered." in said
        assert "lachan admin-link --base https://report.example" in said
        # A service's log is read by others: no link, which is a key, stands in it.
        assert "/staff/join/" not in said
        assert (instance.home / "first-link.key").read_text().strip() not in said
        assert not instance.answers()  # under another host
    finally:
        instance.close()


def _binds(sock, port):
    try:
        sock.bind(("127.0.0.1", port))
        sock.listen()
    except OSError:
        return False
    return True
