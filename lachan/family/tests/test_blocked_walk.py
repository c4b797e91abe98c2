"""From a name that does not open to "asked": a real edge, and Chromium at a phone's width."""

import time

import dns.message
import dns.query
import dns.rcode
import pytest

from lachan.edge.dns.tests.edge import Edge
from lachan.edge.dns.tests.test_tls import HOST, context_of
from lachan.family.follower import table_sync
from lachan.family.middleware import CHILD_COOKIE
from lachan.family.projecting import edge_key
from lachan.family.services import children
from lachan.formats.profiles.device_keys import DeviceKeyWriter
from lachan.formats.profiles.table import ProfileWriter
from tests.chromium import assert_accessible, look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TAP_SECONDS = 0.2


@pytest.fixture
def edge(family, settings, tmp_path):
    """An edge that knows the child's device, whose page is open, and one site that the family closed."""
    settings.LACHAN_HOME = tmp_path
    (tmp_path / "run").mkdir()
    family.device.cookie  # noqa: B018  its page is opened
    children.name_set(by=family.adult.actor, child=family.child, name="tro.test", allow=False)
    with ProfileWriter(tmp_path / "profiles", edge_key()) as writer:
        keys = DeviceKeyWriter(tmp_path / "profiles")
        table_sync(writer, keys)
        edge = Edge(tmp_path, [9], "--plain", "--tls-listen", "127.0.0.1:0", "--name", HOST)
        yield edge
        edge.stop()


def meets(edge, label, name):
    """The browser's own question; what it shows then is an error of its own."""
    reply = dns.query.tls(
        dns.message.make_query(name, "A"), "127.0.0.1", 10, edge.sealed_port,
        ssl_context=context_of(edge), server_hostname=f"{label}.{HOST}",
    )  # fmt: skip
    assert reply.rcode() == dns.rcode.NXDOMAIN


def test_a_child_reads_why_and_has_asked_with_two_taps(edge, family, live_server, phone):
    label = family.device.opened.label
    cookie = {"name": CHILD_COOKIE, "value": family.device.cookie, "url": f"{live_server.url}/my/"}
    phone.context.add_cookies([cookie])
    assert edge.until(lambda: edge.status()["encrypted"]["listen"])
    meets(edge, label, "www.tro.test")
    began = time.monotonic()
    phone.goto(f"{live_server.url}/my/")  # first tap: the app
    phone.get_by_text("www.tro.test", exact=True).wait_for()
    assert phone.get_by_text("Người lớn trong nhà đã đóng trang này.").is_visible()
    button = phone.get_by_role("button", name="Xin mở trang này")
    sizes = [one.bounding_box() for one in phone.locator("main button, main a.button").all()]
    largest = max((one for one in sizes if one), key=lambda one: one["width"] * one["height"])
    assert button.bounding_box() == largest
    assert_accessible(phone)
    look(phone, "my-blocked")
    button.tap()  # second tap
    phone.get_by_text("Bạn đã xin rồi.").wait_for()
    print(f"asked after {time.monotonic() - began + 2 * TAP_SECONDS:.1f} s")  # noqa: T201  read by people
    assert [one.site for one in family.waiting] == ["tro.test"]
    look(phone, "my-asked")

    # What comes later shows by itself while the page is seen.
    meets(edge, label, "lop.tro.test")
    phone.get_by_text("lop.tro.test", exact=True).wait_for()
    assert_accessible(phone)
    look(phone, "my-blocked-more")


def test_it_works_without_a_script(edge, family, live_server, phone_without_script):
    page = phone_without_script
    cookie = {"name": CHILD_COOKIE, "value": family.device.cookie, "url": f"{live_server.url}/my/"}
    page.context.add_cookies([cookie])
    assert edge.until(lambda: edge.status()["encrypted"]["listen"])
    page.goto(f"{live_server.url}/my/")
    page.get_by_text("Trong 10 phút vừa qua không có trang nào bị chặn ở máy này.").wait_for()
    meets(edge, family.device.opened.label, "tro.test")
    page.get_by_role("link", name="Xem lại").click()
    page.get_by_role("button", name="Xin mở trang này").click()
    page.get_by_text("Bạn đã xin rồi.").wait_for()
    assert [one.site for one in family.waiting] == ["tro.test"]
