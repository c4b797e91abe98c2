"""The walk of benchmarks/first_profile.py, on pages alone."""

import pytest

from benchmarks import first_profile
from lachan.family.models import Child
from lachan.family.projecting import profile_of, way_hash
from lachan.family.records import WayKind
from lachan.formats.profiles.reached import ways_in
from lachan.kernel.env import Env

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_first_page_leads_to_a_profile_that_blocks_in_eight_taps(live_server, phone, settings):
    settings.FAMILY_WAYS = ways_in(Env({"LACHAN_DNS_TLS_LISTEN": "127.0.0.1:853"}))
    finger, label = first_profile.walked(phone, live_server.url)
    assert finger.taps <= first_profile.TAPS
    profile = profile_of(Child.objects.get())
    assert profile.ways == (int.from_bytes(way_hash(WayKind.DEVICE, label), "big"),)
    assert "tiktok" in profile.week.days[0, 0][0].services
