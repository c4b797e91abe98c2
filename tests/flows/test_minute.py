"""A thief of the disk who knows what he looks for: the minute in which a child was here stands nowhere.

The oracle knows that minute, and searches every value of every table and every byte of the home for it, in the
dresses that programs give times; and the order of keys for what was made when.
"""

import itertools
import struct
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from lachan.cases.models import Case
from lachan.cases.services.claiming import case_claim
from lachan.cases.services.notes import note_add
from lachan.kernel.clock import held_at
from lachan.kernel.ids import uuid7
from lachan.members.records import PUBLIC
from lachan.outbox.journal import journal_empty
from lachan.outbox.services import events_deliver
from lachan.reports import arrivals, services
from lachan.reports.records import ReportContent, Urgency

# Of no other test: what stands there is ours.
FIRST = datetime(2031, 8, 17, 3, 48, 23, 517_263, tzinfo=UTC)
CYCLES = 8


def text_dresses(minute):
    """How the minute is written in words and digits, by UTC and by local time."""
    for zone in (UTC, ZoneInfo(settings.TIME_ZONE)):
        local = minute.astimezone(zone)
        yield from (local.strftime(form) for form in ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"))
        yield from (local.strftime(form) for form in ("%Y%m%d%H%M", "%Y%m%dT%H%M", "%H:%M:23"))
        yield format_datetime(local)[:-9]  # without seconds and zone
    # Of seconds, milliseconds and finer, and of the hexadecimal ones of UUIDv7: what a minute or so has in common.
    for moment in (minute.timestamp(), minute.timestamp() + 59):
        yield str(int(moment))[:8]
        yield f"{int(moment) * 1000:012x}"[:8]


def number_dresses(minute):
    """(shape, first, last) of numbers that mean a moment in the minute, at least six bytes long."""
    seconds = int(minute.timestamp())
    for unit in (10**3, 10**6, 10**9):
        yield ">q", seconds * unit, (seconds + 60) * unit
        yield "<q", seconds * unit, (seconds + 60) * unit
    for unit in (1, 10**3):
        yield ">d", float(seconds * unit), float((seconds + 60) * unit)
        yield "<d", float(seconds * unit), float((seconds + 60) * unit)


def found_in(data, minute):
    folded = data.lower()
    for dress in text_dresses(minute):
        for encoding in ("utf-8", "utf-16-le"):
            if dress.lower().encode(encoding) in folded:
                yield dress
    for shape, first, last in number_dresses(minute):
        # All numbers between two begin alike: the bytes of the first and the last show which.
        ends = struct.pack(shape, first), struct.pack(shape, last)
        order = slice(None) if shape[0] == ">" else slice(None, None, -1)
        head = bytes(
            a
            for a, b in itertools.takewhile(
                lambda p: p[0] == p[1], zip(*(e[order] for e in ends), strict=True)
            )
        )
        look = head if shape[0] == ">" else head[::-1]
        at = data.find(look)
        while at >= 0:
            start = at if shape[0] == ">" else at - (8 - len(look))
            if 0 <= start <= len(data) - 8:
                (number,) = struct.unpack(shape, data[start : start + 8])
                if first <= number < last:
                    yield f"{shape} {number}"
            at = data.find(look, at + 1)
    # SQLite keeps milliseconds in six bytes, as UUIDv7 does.
    first, last = (int(minute.timestamp()) * 1000).to_bytes(6, "big"), 60_000
    for third in range(int.from_bytes(first) >> 16, ((int.from_bytes(first) + last) >> 16) + 1):
        at = data.find(third.to_bytes(4, "big"))
        while at >= 0:
            if 0 <= int.from_bytes(data[at : at + 6]) - int.from_bytes(first) < last:
                yield f"milliseconds at {at}"
            at = data.find(third.to_bytes(4, "big"), at + 1)


def files():
    """Every file of the home, and the database's own."""
    home = Path(settings.LACHAN_HOME)
    named = str(connection.settings_dict["NAME"])
    own = [Path(named), *Path(named).parent.glob(f"{Path(named).name}-*")]
    rest = [path for path in home.rglob("*") if path.is_file() and "static" not in path.parts]
    return {path for path in [*own, *rest] if path.is_file() and path.suffix != ".mo"}


def keys():
    """The keys of every table."""
    return {
        model: set(model.objects.values_list("pk", flat=True))
        for model in apps.get_models()
        if model._meta.managed
        and model._meta.app_label in {"reports", "cases", "outbox", "web", "indicators"}
    }


def staff_acts(personas, case):
    by = personas.analyst.actor
    case_claim(by=by, uid=case.uid)
    note_add(by=by, uid=case.uid, words="đã đọc")


def child_comes(number):
    """A report, the inbox, words in it, the way out; and what else a child may try."""
    sent = services.report_submit(
        by=PUBLIC, form=services.form_new(), category="conduct.aggressive", urgency=Urgency.SOON,
        province="", language="vi", content=ReportContent(words=f"chuyện {number}"),
    )  # fmt: skip
    events_deliver()
    phone = Client()
    phone.get(reverse("home"))
    phone.post(reverse("check"), {"value": "khac.example"})
    phone.post(reverse("dispute"), {"value": "khac.example", "reason": "mistake"})
    phone.post(reverse("inbox"), {"receipt": sent.receipt})
    page = phone.get(reverse("inbox"))
    token = page.context["token"]
    phone.post(reverse("inbox-write"), {"words": f"thêm {number}", "token": token})
    phone.post(reverse("inbox-close"))
    events_deliver()
    return sent.report


@pytest.fixture
def made(transactional_db, personas, monkeypatch):
    """Cycles of staff and child by turns: the child's minutes, and the keys that each child's visit made."""
    arrivals.forget()
    minutes, fresh, case = [], [], None
    for number in range(CYCLES):
        moment = FIRST + timedelta(hours=2 * number)
        for at, acts in ((moment - timedelta(minutes=40), "staff"), (moment, "child")):
            monkeypatch.setattr(time, "time", at.timestamp)
            monkeypatch.setattr(time, "time_ns", lambda at=at: int(at.timestamp() * 10**9))
            with held_at(at):
                if acts == "staff" and case is not None:
                    staff_acts(personas, case)
                elif acts == "child":
                    before = keys()
                    report = child_comes(number)
                    after = keys()
                    fresh.append({m: after[m] - before[m] for m in after})
                    minutes.append(moment.replace(second=0, microsecond=0))
                    case = Case.objects.get(report_uid=report)
    monkeypatch.undo()
    return minutes, fresh


def written(moment):
    """A moment as programs write it."""
    seconds = moment.timestamp()
    local = moment.astimezone(ZoneInfo(settings.TIME_ZONE))
    yield from (str(moment), moment.isoformat(), str(local), local.isoformat(), str(seconds))
    yield from (str(int(seconds)), str(int(seconds * 1000)), str(int(seconds * 10**6)))
    yield from (
        str(uuid7(moment)),
        uuid7(moment).hex,
        format_datetime(moment),
        str(uuid7(moment)).upper(),
    )


def packed(moment):
    seconds = moment.timestamp()
    yield from (text.encode() for text in written(moment))
    yield from (text.encode("utf-16-le") for text in written(moment))
    yield uuid7(moment).bytes
    yield int(seconds * 1000).to_bytes(6, "big")
    for unit in (10**3, 10**6, 10**9):
        yield from (struct.pack(shape, int(seconds * unit)) for shape in ("<q", ">q"))
    yield from (struct.pack(shape, seconds) for shape in ("<d", ">d"))


def test_the_oracle_sees_the_minute_in_every_dress_and_in_no_other():
    for second in (0, 17, 59):
        moment = FIRST.replace(second=second, microsecond=345_678)
        minute = moment.replace(second=0, microsecond=0)
        for data in packed(moment):
            assert any(found_in(b"\xa5" * 3 + data + b"\xa5" * 9, minute)), data
        for minutes in (-40, 40):
            assert not any(
                f for d in packed(moment + timedelta(minutes=minutes)) for f in found_in(d, minute)
            )
        hour = moment.replace(minute=0, second=0, microsecond=0)
        assert not any(f for d in packed(hour) for f in found_in(d, minute))


def test_a_thief_of_the_disk_learns_the_hour_of_a_report_and_nothing_finer(made):
    minutes, fresh = made
    orders_say_nothing(fresh)
    if connection.vendor == "sqlite":
        files_say_nothing(minutes)


def files_say_nothing(minutes):
    # Staff's own acts are kept to the microsecond: what finds nothing there would find nothing anywhere.
    control = minutes[1] - timedelta(minutes=40)
    for when in ("while it runs", "after the log was cut"):
        if when != "while it runs":
            assert journal_empty()
        read = {path: path.read_bytes() for path in files()}
        assert any(True for data in read.values() for _ in found_in(data, control)), when
        told = [
            (minute, when, path.name, found)
            for minute in minutes
            for path, data in read.items()
            for found in found_in(data, minute)
        ]
        # A minute's nanoseconds have 28 bits in common: sealed bytes hold one now and then. Who kept them would keep
        # each visit's.
        chance = [one for one in told if is_nanoseconds(one[-1])]
        assert [one for one in told if one not in chance] == []
        assert len({minute for minute, *_ in chance}) < CYCLES / 2, chance


def is_nanoseconds(found):
    shape, _, number = found.partition(" ")
    return shape in {"<q", ">q"} and int(number) > 10**18


def orders_say_nothing(fresh):
    tables = {model for model in fresh[0] if all(visit[model] for visit in fresh)}
    for model in tables:
        firsts = [min(visit[model]) for visit in fresh]
        assert firsts != sorted(firsts), model
        assert firsts != sorted(firsts, reverse=True), model
    named = {model.__name__ for model in tables}
    assert {"Report", "Message", "Case", "CaseEvent", "OutboxEvent", "DisputedValue"} <= named
