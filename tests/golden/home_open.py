"""Puts a golden home into an empty database, upgrades it as the product does, and tries all that it holds.

    GOLDEN=tests/golden/v1/home.json python -m tests.golden.home_open

In a process of its own, with an empty LACHAN_HOME and, for PostgreSQL, the DATABASE_URL of an empty database.
Prints what is wrong, by what was tried.
"""

import base64
import json
import os
import re
import sys
import traceback
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from unittest import mock

from tests.golden.home_acts import acts, goes_on
from tests.golden.home_held import GOLDEN, PAPERS, browser, differs, someone

HOME = Path(os.environ["LACHAN_HOME"])
MOMENT = datetime.fromisoformat(GOLDEN["moment"]) + timedelta(minutes=20)
# The libraries', which the product never writes.
UNUSED = {
    "account_emailaddress",
    "account_emailconfirmation",
    "auth_group",
    "auth_group_permissions",
}
# What the operator brings, and what only runs in processes: no data.
ELSEWHERE = {"guard", "processes", "disk"}
# What the worker and the followers have not caught up with yet.
BEHIND = {"outbox", "snapshot", "matching"}
_SAID_SINCE = {"first_published", "valid_from"}


def files_put() -> None:
    for name, content in GOLDEN["files"].items():
        path = HOME / name
        path.write_bytes(base64.b64decode(content))
        path.chmod(0o600)


def home_put() -> set[str]:
    """The tables that are empty there and should not be."""
    from lachan.config.schema import migrations_apply
    from tests.golden.home_rows import rows_load, tables_empty

    rows_load(migrations_apply(GOLDEN["migrations"]).apps, GOLDEN["tables"])
    return tables_empty() - UNUSED


def doctor(aside: Collection[str] = ()) -> list[str]:
    from lachan.cli.check import Level, check_all

    unwell = {n: one for n, one in check_all(HOME).items() if one.level is not Level.WELL}
    return [f"{n}: {one.says}" for n, one in unwell.items() if n not in {*ELSEWHERE, *aside}]


def delivered() -> list[str]:
    from lachan.cases.models import Case
    from lachan.outbox.selectors import event_count_waiting
    from lachan.outbox.services import Lane, deliveries_begin

    deliveries_begin()
    Lane().drain()
    uids = [PAPERS["reports"][name]["uid"] for name in ("failing", "waiting")]
    waiting, cases = event_count_waiting(), Case.objects.filter(report_uid__in=uids).count()
    return differs("waiting events, cases", [waiting, cases], [0, 2])


def followed() -> list[str]:
    """Snapshot and collection, which a new version fills anew."""
    from lachan.formats.snapshot.writer import SnapshotWriter
    from lachan.shield.services import snapshot_rebuild
    from lachan.sightings.services import collection_rebuild

    with SnapshotWriter(HOME / "snapshots") as writer:
        snapshot_rebuild(writer)
    with collection_rebuild(HOME) as collection:
        return differs("fingerprints", collection.stats().algorithms["sha256"].entries, 1)


def receipts() -> list[str]:
    from lachan.reports.inbox import inbox_open, inbox_read

    wrong = []
    # Words of before proofs open, and do not say where they belong.
    proved = "proof" in GOLDEN["tables"]["reports.Report"]["columns"]
    trust = {"proved" if proved else "unbound"}
    for name, one in PAPERS["reports"].items():
        read = inbox_read(inbox_open(one["receipt"]) or b"")
        assert read is not None, name
        said = [[message.author, message.words] for message in read.messages]
        trusted = {read.trust, *(message.trust for message in read.messages)}
        found = [read.content.words, said, read.missing, trusted, read.facts.status]
        wrong += differs(name, found, [one["words"], one["messages"], 0, trust, one["status"]])
    return wrong


def cases() -> list[str]:
    from lachan.cases.models import Case, CaseNote
    from lachan.cases.services.notes import note_read
    from lachan.cases.services.unsealing import case_keys, case_report_open

    by, wrong, said = someone("analyst"), [], []
    actor, private = by.actor, by.private
    for name, one in PAPERS["reports"].items():
        uid = Case.objects.get(report_uid=one["uid"]).uid
        keys = case_keys(by=actor, uid=uid, unlocked=private)
        read = case_report_open(by=actor, uid=uid, keys=keys)
        found = [read.content.words, [[m.author, m.words] for m in read.messages], read.is_sound]
        wrong += differs(name, found, [one["words"], one["messages"], True])
        said += [note_read(note, keys.values()) for note in CaseNote.objects.filter(case__uid=uid)]
        wrong += differs(f"case of {name}", str(uid), one["case"] or str(uid))
    return wrong + differs("notes", sorted(said), PAPERS["notes"])


def people() -> list[str]:
    from lachan.cli.demo.people import totp

    wrong = []
    for name, one in PAPERS["people"].items():
        who = someone(name)
        wrong += differs(f"roles of {name}", sorted(who.actor.roles), one["roles"])
        door = {"name": who.email, "password": who.password}
        client = browser()
        leads = client.post("/staff/sign-in/", door)["Location"]
        wrong += differs(name, leads, "/staff/sign-in/second/" if who.totp else "/staff/set-up/")
        if who.totp:
            code = totp(who.totp) if name == "analyst" else who.codes[0]
            leads = client.post("/staff/sign-in/second/", {"code": code})["Location"]
            wrong += differs(f"code of {name}", leads, "/staff/")
    return wrong


def session() -> list[str]:
    """Whoever was signed in signs in once more, since sessions are signed for their own row; what he had typed
    comes back to him, and is not done a second time.
    """
    from lachan.cases.models import CaseNote

    form, client, before = PAPERS["form"], browser(), CaseNote.objects.count()
    for name, value in PAPERS["people"][form["by"]]["cookies"].items():
        client.cookies[name] = value
    opened = client.get(f"{form['path'].removesuffix('note/')}report/")
    again = client.post(form["path"], form["fields"])
    comes_back = form["fields"]["words"] in unescape(again.content.decode())
    found = [opened.status_code, comes_back, CaseNote.objects.count() - before]
    return differs("session", found, [302, True, 0])


def api_keys() -> list[str]:
    from lachan.members.api_keys import api_key_actor

    keys = PAPERS["keys"].items()
    return [
        w for n, k in keys for w in differs(n, sorted(api_key_actor(k["text"]).scopes), k["scopes"])
    ]


def lists(asked: str = "?") -> list[str]:
    wrong = []
    for one in (one for one in GOLDEN["lists"] if asked in one["path"]):
        more = (
            {"authorization": f"Bearer {PAPERS['keys'][one['key']]['text']}"} if one["key"] else {}
        )
        answer = browser(**more).get(one["path"])
        said = _as_before(one["path"], answer.getvalue().decode())
        wrong += differs(f"{one['path']} {one['key']}", said, one["text"])
    return wrong


def _as_before(path: str, text: str) -> str:
    """A list without what its form says more since (docs/adr/0021: JSON lines, version 2)."""
    if not path.startswith("/v1/lists/jsonl"):
        return text
    lines = [json.loads(line) for line in text.splitlines()]
    plain = [{k: v for k, v in one.items() if k not in _SAID_SINCE} for one in lines]
    return "".join(json.dumps(o, ensure_ascii=False, separators=(",", ":")) + "\n" for o in plain)


def disputes() -> list[str]:
    """A member's stands before the public's."""
    from lachan.indicators.selectors import dispute_rows

    rows = dispute_rows(by=someone("reviewer").actor)
    found = [row.organisation_id is not None for row in rows]
    return differs("of members", found, PAPERS["disputes"])


def shares() -> list[str]:
    from lachan.kernel.sealing.errors import SharesUnusable
    from lachan.members.keys.desk_keys import desk_keys_withdraw, holds_all
    from lachan.members.models import DeskKey
    from lachan.members.records import system
    from lachan.members.services import recovery_use

    who, wrong = someone("second"), []
    try:
        recovery_use(shares=PAPERS["shares"]["replaced"][:2], email=who.email)
        wrong.append("replaced shares open")
    except SharesUnusable:
        pass
    for left_out in range(3):
        desk_keys_withdraw(by=system("golden"), person=who.person)
        printed = [s for n, s in enumerate(PAPERS["shares"]["standing"]) if n != left_out]
        given = recovery_use(shares=printed, email=who.email)
        found = [given, holds_all(who.person)]
        wrong += differs("shares", found, [DeskKey.objects.count(), True])
    return wrong


def links() -> list[str]:
    from lachan.members.keys.desk_keys import holds_all
    from lachan.members.services import invitation_accept

    wrong = []
    for name, token in PAPERS["links"].items():
        person = invitation_accept(token=token, password="một lối vào rất yên").person
        wrong += differs(name, [person.email, holds_all(person)], [f"{name}@desk.example", True])
    return wrong


def pages() -> list[str]:
    """Whatever link leads to, from the start on, for those who see most."""
    wrong, seen = [], set()
    for name in ("analyst", "reviewer", "chief"):
        client, ahead = browser(), ["/staff/"]
        client.force_login(someone(name).person)
        while ahead:
            answer = client.get(path := ahead.pop())
            seen.add(path)
            if answer.status_code not in {200, 302}:
                wrong.append(f"{path} of {name}: {answer.status_code}")
            found = re.findall(r'href="(/staff/[^"#?]*)"', answer.getvalue().decode())
            ahead += {one for one in found if one not in seen and one not in ahead}
    return wrong + differs("many pages", len(seen) > 60, True)


TRIED: dict[str, Callable[[], list[str]]] = {
    "doctor_at_once": lambda: doctor(BEHIND), "delivered": delivered, "lists": lists, "disputes": disputes,
    "receipts": receipts, "cases": cases, "people": people, "session": session, "pages": pages,
    "api_keys": api_keys, "shares": shares, "links": links, "acts": acts, "goes_on": goes_on,
    "lists_of_then": lambda: lists("?at="), "followed": followed, "doctor_at_last": doctor,
}  # fmt: skip


def tried(what: Callable[[], list[str]]) -> list[str]:
    try:
        return what()
    except Exception:  # noqa: BLE001  the others are tried all the same
        return [traceback.format_exc()]


def main() -> None:
    files_put()
    os.environ["DJANGO_SETTINGS_MODULE"] = "lachan.config.settings"
    import django

    django.setup()
    from lachan.config.prepare import database_prepare
    from lachan.kernel import clock

    with clock.held_at(MOMENT), mock.patch("django.utils.timezone.now", clock.now):
        wrong = {"full": sorted(home_put())}
        database_prepare()
        for name, what in TRIED.items():
            wrong[name] = tried(what)
    json.dump(wrong, sys.stdout)


if __name__ == "__main__":
    main()
