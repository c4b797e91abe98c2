"""What people hold on paper or in their heads still opens what it opened when `v1` was written."""

import base64
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.hashers import check_password, make_password

from lachan.kernel.bearer import bearer_opens, bearer_prefix
from lachan.kernel.sealing import envelope, locks, receipts, shares, work
from lachan.kernel.sealing.errors import LockHeld, WorkRefused
from lachan.members.entry.invitations import _hash
from tests.golden.contents import MOMENT

PAPER = json.loads((Path(__file__).parent / "v1/paper.json").read_text("utf-8"))
raw = base64.b64decode


def test_it_gives_the_receipt_its_locator_and_its_key():
    held = PAPER["receipt"]
    assert receipts.receipt_for(raw(held["secret"]), held["token"].encode()) == held["receipt"]
    assert receipts.receipt_show(held["receipt"]) == held["shown"]
    assert receipts.receipt_parse(held["shown"]) == held["receipt"]
    assert receipts.receipt_locator(held["receipt"], raw(held["secret"])) == raw(held["locator"])
    pair = receipts.receipt_identity(held["receipt"], raw(held["salt"]))
    assert (pair.public, pair.private) == (held["public"], held["private"])


def test_it_joins_printed_shares():
    held = PAPER["share"]
    parts = [shares.share_parse(printed) for printed in held["printed"]]
    for chosen in (parts[:3], parts[2:], parts):
        assert shares.shares_combine(chosen).decode() == held["secret"]
    assert [part.text() for part in parts] == held["printed"]


def test_it_opens_locks():
    held = PAPER["lock"]
    locked, with_secret = raw(held["locked"]), raw(held["locked_with"])
    assert locks.unlock(locked, password=held["password"]) == held["private"]
    assert locks.unlock_with(with_secret, secret=raw(held["secret"])) == held["private"]
    with pytest.raises(LockHeld):
        locks.unlock(locked, password=held["password"] + " ")
    # What is locked from now on costs a guesser no less than it did then.
    head = slice(0, 11)
    assert locks.lock("key", password="another")[head] == locked[head]


def test_it_opens_envelopes_for_each_recipient():
    held = PAPER["envelope"]
    for key in held["keys"]:
        assert envelope.unseal(raw(held["sealed"]), key=key) == raw(held["plain"])


def test_it_takes_work_that_was_asked_for():
    secret, held = raw(PAPER["receipt"]["secret"]), PAPER["work"]
    number, expires = work.pow_verify(secret, **held, now=MOMENT, bits=4)
    assert number == held["challenge"].split(".")[3]
    assert expires == MOMENT.replace(microsecond=0) + timedelta(hours=2)
    with pytest.raises(WorkRefused):
        work.pow_verify(secret, **held, now=expires)


def test_it_knows_keys_links_and_passwords():
    key, link, password = PAPER["api_key"], PAPER["link"], PAPER["password"]
    assert bearer_prefix(key["text"]) == key["prefix"]
    assert bearer_opens(key["text"], raw(key["kept"]))
    assert _hash(link["token"], waits=False) == raw(link["kept"])
    assert check_password(password["password"], password["kept"])
    # Argon2id with no fewer passes, memory or lanes than the hash that is kept.
    fresh = make_password(password["password"])
    assert fresh.split("$")[:4] == password["kept"].split("$")[:4]
