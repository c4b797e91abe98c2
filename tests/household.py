"""A family of a running instance, over its pages alone, and a child's device that asks its edge for names."""

import contextlib
import re
import socket
import ssl

import dns.exception
import dns.message
import dns.query
import dns.rcode

from lachan.cli.browser import Browser, Form, Page, Stuck
from tests.instance import Instance, _free_port

HOST = "dns.localhost"


def sealed_ways() -> dict[str, str]:
    """Settings of an instance whose devices may ask over TLS and HTTPS, on free ports."""
    return {
        "LACHAN_DNS_TLS_LISTEN": f"127.0.0.1:{_free_port()}",
        "LACHAN_DNS_HTTPS_LISTEN": f"127.0.0.1:{_free_port()}",
    }


class Device:
    """A device that asks over TLS, on a kept connection, by the address that a page shows.

    Attributes: label: of that address.
    """

    def __init__(self, instance: Instance, label: str) -> None:
        self.label = label
        listened = instance.environment["LACHAN_DNS_TLS_LISTEN"]
        self._port = int(listened.rpartition(":")[2])
        self._trust = ssl.create_default_context()
        self._trust.check_hostname, self._trust.verify_mode = False, ssl.CERT_NONE
        self._link: ssl.SSLSocket | None = None

    def rcode(self, name: str) -> str | None:
        """NOERROR, NXDOMAIN …; None where nobody answers."""
        for _ in range(2):  # a kept connection may have been closed meanwhile
            try:
                return self._asked(name)
            except (OSError, EOFError, dns.exception.DNSException):
                self.close()
        return None

    def is_closed(self, name: str) -> bool:
        return self.rcode(name) == "NXDOMAIN"

    def close(self) -> None:
        if self._link is not None:
            with contextlib.suppress(OSError):
                self._link.close()
            self._link = None

    def _asked(self, name: str) -> str:
        if self._link is None:
            plain = socket.create_connection(("127.0.0.1", self._port), 5)
            host = f"{self.label}.{HOST}"
            self._link = self._trust.wrap_socket(plain, server_hostname=host)
            self._link.settimeout(5)
        query = dns.message.make_query(name, "A")
        dns.query.send_tcp(self._link, query)
        reply, _ = dns.query.receive_tcp(self._link)
        return dns.rcode.to_text(reply.rcode())


class Household:
    """One adult's browser, one child, one device that a page gave its address.

    Attributes:
        child: path of the child's page. join: path that opens the child's own pages.
    """

    def __init__(
        self, instance: Instance, *, nickname: str = "Bống", band: str = "16-17", device: str = ""
    ) -> None:
        # At sixteen there is no bedtime: this runs at any hour.
        self.parent: Browser = instance.browser()
        page = self.parent.get("/family/start/")
        page = self.parent.send(page, page.form(action="/family/found/"))
        self.code = "".join(re.findall(r"<span>(\d{4})</span>", page.text))
        page = self.parent.send(page, page.form(action="/family/code/kept/"))
        page = self.parent.send(page, page.form(having="nickname"), nickname=nickname, band=band)
        self.child = page.path
        made = self.parent.send(page, page.form(action=f"{self.child}devices/"), name=device)
        label = re.search(r"([a-z2-7]{24})\.dns\.localhost", made.text)
        join = re.search(r"http://[^/]+(/my/join/[^<]+/)", made.text)
        if label is None or join is None:
            raise Stuck(f"no device's address on {made.path} ({made.status})")
        self.join = join[1]
        self.device = Device(instance, label[1])

    def page(self) -> Page:
        """The child's page, fresh."""
        return self.parent.get(self.child)

    def tap(self, page: Page, form: Form, **fields: str | list[str]) -> None:
        """One tap on a button of a page.

        Raises:
            Stuck: it was not confirmed.
        """
        page = self.parent.send(page, form, **fields)
        if page.status != 200 or page.path != self.child:
            raise Stuck(f"a tap led to {page.path} ({page.status})")

    def form(self, page: Page, action: str) -> Form:
        """A form of the child's page: `names/`, `pause/`, `rules/` …"""
        return page.form(action=f"{self.child}{action}")

    def service_tap(self, page: Page, code: str, *, closed: bool) -> None:
        """The switch of one service, all others as they are."""
        form = self.form(page, "rules/")
        chosen = {value for name, value in form.values if name == "closed"} - {code}
        self.tap(page, form, closed=sorted(chosen | ({code} if closed else set())))

    def names_tap(self, site: str, effect: str) -> None:
        """Open ("allow") or close ("block") a site."""
        page = self.page()
        self.tap(page, self.form(page, "names/"), site=site, effect=effect)
