"""Pages for each kind of device: what is entered there is this device's own, and what this instance offers."""

import plistlib

import pytest
from django.test import Client

from lachan.family.platform import platform_get, platform_list
from lachan.formats.profiles.reached import ways_in
from lachan.kernel.env import Env

pytestmark = pytest.mark.django_db
WAYS = {
    "LACHAN_DNS_NAME": "dns.shield.example",
    "LACHAN_DNS_TLS_LISTEN": "0.0.0.0:853",
    "LACHAN_DNS_HTTPS_LISTEN": "0.0.0.0:443",
    "LACHAN_DNS_LISTEN": "127.0.0.1:5353,192.0.2.53:53",
}


@pytest.fixture
def offered(settings):
    settings.FAMILY_WAYS = ways_in(Env(WAYS))


@pytest.mark.parametrize("platform", platform_list(), ids=lambda one: one.name)
def test_it_says_for_each_kind_what_to_do_and_what_stays_open(offered, personas, platform):
    family = personas.family
    label = family.device.opened.label
    page = family.device.client().get(f"/my/on/{platform.name}/").content.decode()
    assert str(platform.limits) in page.replace("&#x27;", "'")
    values = {"tls": f"{label}.dns.shield.example", "plain": "192.0.2.53", "profile": "/my/la-chan.mobileconfig",
              "https": f"https://dns.shield.example/dns-query/{label}"}  # fmt: skip
    assert any(step.shows for step in platform.steps)
    assert [s.shows for s in platform.steps if s.shows and values[s.shows] not in page] == []
    assert "không" in page
    address = f"/family/devices/{family.device.uid}/on/{platform.name}/"
    values["profile"] = f"/family/devices/{family.device.uid}/la-chan.mobileconfig"
    parents = family.adult.client().get(address).content.decode()
    assert [s.shows for s in platform.steps if s.shows and values[s.shows] not in parents] == []


def test_it_names_every_kind_that_families_have():
    names = {one.name for one in platform_list()}
    assert names >= {
        "android",
        "android-old",
        "iphone",
        "windows",
        "mac",
        "linux",
        "router",
        "chrome",
        "firefox",
    }
    assert platform_get("toaster") is None


def test_it_says_where_the_instance_offers_less(personas):
    page = personas.family.device.client().get("/my/on/android/").content.decode()
    assert "chưa mở đủ" in page
    assert personas.family.device.client().get("/my/la-chan.mobileconfig").url == "/my/on/iphone/"


def test_it_gives_a_profile_for_apple(offered, personas):
    family = personas.family
    label = family.device.opened.label
    for answer in (
        family.device.client().get("/my/la-chan.mobileconfig"),
        family.adult.client().get(f"/family/devices/{family.device.uid}/la-chan.mobileconfig"),
    ):
        assert answer["Content-Type"] == "application/x-apple-aspen-config"
        (payload,) = plistlib.loads(answer.content)["PayloadContent"]
        assert (
            payload["DNSSettings"]["ServerURL"] == f"https://dns.shield.example/dns-query/{label}"
        )


def test_a_stranger_gets_no_profile(offered):
    assert b"DNSSettings" not in Client().get("/my/la-chan.mobileconfig").content


@pytest.mark.parametrize(
    ("listens", "says"),
    [
        ("127.0.0.1:5353", ""),
        ("192.0.2.53:5353", ""),
        ("192.0.2.53", "192.0.2.53"),
        ("0.0.0.0:53", ""),
        ("[2001:db8::53]:53", "2001:db8::53"),
        ("127.0.0.1:53,198.51.100.7:53", "198.51.100.7"),
    ],
)
def test_it_names_a_server_that_others_can_ask(listens, says):
    assert ways_in(Env({"LACHAN_DNS_LISTEN": listens})).plain == says


def test_it_says_by_which_port():
    env = {"LACHAN_DNS_TLS_LISTEN": "127.0.0.1:8853", "LACHAN_DNS_HTTPS_LISTEN": "127.0.0.1:8443"}
    found = ways_in(Env(env)).of("a")
    assert (found.odd_port, found.https) == (8853, "https://dns.localhost:8443/dns-query/a")
    mapped = ways_in(Env(env | {"LACHAN_DNS_TLS_PORT": "853", "LACHAN_DNS_HTTPS_PORT": "443"})).of(
        "a"
    )
    assert (mapped.odd_port, mapped.https) == (0, "https://dns.localhost/dns-query/a")
