"""A list is the same bytes as ever: a channel that writes others raises its version, and its golden ones with it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from lachan.indicators.channel import Notes, channels
from lachan.indicators.records import Effect, LedgerEntry

LISTS = json.loads((Path(__file__).parent / "lists.json").read_text("utf-8"))
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC)
EARLIER = datetime(2026, 1, 1, tzinfo=UTC)


def entry(seq, kind, value, effect=Effect.ADD, **more):
    facts = {"category": "contract.scam", "confidence": 80, "tlp": "clear", "source": "Đội"}
    facts |= {"at": MOMENT, "valid_from": EARLIER, "valid_until": None, "organisation": None}
    facts |= {"first_published": EARLIER} | more
    return LedgerEntry(seq=seq, effect=effect, uid=UUID(int=seq), kind=kind, value=value, **facts)


ENTRIES = [
    entry(1, "domain", "xau.example"),
    entry(2, "domain", "xn--v-d-rma6749a.vn", valid_until=MOMENT, organisation=UUID(int=99)),
    entry(3, "url", "https://xau.example/a?b=c,d|e"),
    entry(4, "pdq", "5a" * 32),
    entry(5, "domain", "xau tot.example"),
    entry(6, "domain", "a^b.example"),
    entry(7, "domain", "vn", Effect.REMOVE),
    entry(8, "account", "tiktok:nguoi.la", Effect.REMOVE),
    entry(9, "url", "http://[2001:db8::1]/"),
    entry(10, "domain", ""),
]


@pytest.mark.parametrize("name", sorted(LISTS))
def test_it_writes_lists_as_it_always_did(name):
    channel = channels()[name]
    own = [each for each in ENTRIES if not channel.kinds or each.kind in channel.kinds]
    standing = [each for each in own if each.effect is Effect.ADD]
    assert {
        "version": channel.version,
        "whole": b"".join(channel.whole(standing, Notes("public", 7))).decode(),
        "delta": b"".join(channel.changes(own)).decode(),
    } == LISTS[name]
