"""Every check sees the fault that it is there for, and says a way out."""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import connection

from lachan.cli.check import Finding, Level, check_all
from lachan.cli.checks import disk
from lachan.cli.checks.audit import Audit
from lachan.cli.checks.catalogues import Catalogues
from lachan.cli.checks.clock import Clock
from lachan.cli.checks.database import Database
from lachan.cli.checks.desk_key import DeskKey
from lachan.cli.checks.disk import Disk
from lachan.cli.checks.guard import Guard
from lachan.cli.checks.home import Home
from lachan.cli.checks.ledger import Ledger
from lachan.cli.checks.messages import Messages
from lachan.cli.checks.outbox import Outbox
from lachan.cli.checks.processes import Processes
from lachan.cli.checks.secret import Secret
from lachan.cli.checks.settings import Settings
from lachan.cli.checks.snapshot import Snapshot
from lachan.formats.snapshot.records import Verdict
from lachan.formats.snapshot.writer import SnapshotWriter
from lachan.indicators.models import ListImport
from lachan.indicators.services import indicator_propose, indicator_review, sites_replace
from lachan.kernel.clock import held_at, now
from lachan.kernel.process import started_at
from lachan.members.keys.desk_keys import desk_key_make
from lachan.members.models import DeskKey as Key
from lachan.members.models import DeskKeyWrap
from lachan.members.records import system
from lachan.members.services import first_link
from lachan.outbox.models import Message, OutboxEvent
from lachan.outbox.services import ATTEMPTS_BEFORE_ALARM, clock_is_believed
from tests.flushing import triggers_aside


def look(check, home=None):
    return check().look(home or settings.LACHAN_HOME, lambda _: None)


@pytest.fixture
def home(tmp_path):
    for name in ("run", "snapshots"):
        (tmp_path / name).mkdir()
    tmp_path.chmod(0o700)
    return tmp_path


def publish(personas, value):
    proposed = indicator_propose(by=personas.analyst.actor, value=value, category="scam")
    indicator_review(by=personas.reviewer.actor, indicator=proposed.uid, decision="approve")


def alter(statement):
    """Write past the product."""
    with triggers_aside(connection), connection.cursor() as cursor:
        cursor.execute(statement)


def test_it_sees_a_home_that_is_missing_or_open(home):
    assert look(Home, home).level is Level.WELL
    assert look(Home, home / "no").level is Level.FAULT
    home.chmod(0o750)
    found = look(Home, home)
    assert (found.level, found.way) == (Level.FAULT, f"chmod -R go= {home}")


def test_it_sees_a_key_that_others_may_read(home):
    (home / "secret.key").write_text("x" * 64)
    (home / "secret.key").chmod(0o644)
    assert "secret.key" in look(Home, home).says
    (home / "secret.key").chmod(0o600)
    assert look(Home, home).level is Level.WELL


def test_it_sees_a_secret_that_is_missing_or_cut(home):
    assert "lachan up" in look(Secret, home).way
    (home / "db.sqlite3").touch()
    assert "kept copy" in look(Secret, home).way
    (home / "secret.key").write_text("short")
    assert "cut short" in look(Secret, home).says
    (home / "secret.key").write_text("x" * 64)
    assert look(Secret, home).level is Level.WELL


@pytest.mark.parametrize("content", ["", " \n", None])
def test_it_sees_a_secret_that_is_none_in_a_file(home, monkeypatch, tmp_path_factory, content):
    path = tmp_path_factory.mktemp("run") / "secret"
    path.mkdir() if content is None else path.write_text(content)
    monkeypatch.setenv("LACHAN_SECRET_KEY_FILE", str(path))
    assert look(Secret, home).level is Level.FAULT
    monkeypatch.setenv("LACHAN_SECRET_KEY_FILE", str(home / "no"))
    assert "cannot be read" in look(Secret, home).says


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LACHAN_DNS_LISTEN", ","),
        ("LACHAN_DNS_UPSTREAM", "127.0.0.1:5353"),
        ("LACHAN_DNS_UPSTREAM", "192.0.2.1:0"),
        ("LACHAN_DNS_PAGE", "http://geheim.example"),
        ("LACHAN_DNS_ANSWER", "page"),
        ("LACHAN_DNS_APPEAL", "https://appeal.example/" + "x" * 100),
        ("LACHAN_DNS_APPEAL", "a\nb"),
        ("LACHAN_DNS_CACHE_MB", ""),
        ("LACHAN_DNS_EDE", "geheim"),
        ("LACHAN_MATCH_LISTEN", "geheim.example:80"),
        ("LACHAN_MATCH_SHARD", "3/2"),
        ("LACHAN_MATCH_WORKERS", "0"),
        ("LACHAN_MATCH_PER_DAY", "many"),
    ],
)
def test_it_sees_a_setting_that_an_edge_would_stop_at(home, monkeypatch, name, value):
    assert look(Settings, home).level is Level.WELL
    monkeypatch.setenv(name, value)
    found = look(Settings, home)
    assert found.level is Level.FAULT
    assert found.says.startswith(name)
    assert "geheim" not in found.says


def test_it_sees_a_setting_that_is_misspelt(home, monkeypatch):
    monkeypatch.setenv("LACHAN_HOST", "report.example")
    found = look(Settings, home)
    assert (found.level, "LACHAN_HOSTS" in found.says) == (Level.WARNING, True)


def test_it_sees_a_clock_that_leaps(home, db):
    assert look(Clock, home).level is Level.WELL
    for days, words in ((400, "400 days ahead of"), (-400, "behind")):
        with held_at(now() + timedelta(days=days, minutes=1)):
            assert not clock_is_believed()
            found = look(Clock, home)
        assert (found.level, words in found.says) == (Level.WARNING, True)
    assert clock_is_believed()
    assert look(Clock, home).level is Level.WELL


@pytest.mark.parametrize(
    ("free", "level"),
    [(10_000_000, Level.FAULT), (500_000_000, Level.WARNING), (10**10, Level.WELL)],
)
def test_it_sees_a_disk_that_fills_up(home, monkeypatch, free, level):
    usage = shutil.disk_usage(home)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: usage._replace(free=free))
    assert look(Disk, home).level is level


def test_it_sees_texts_that_cannot_be_read(home, monkeypatch):
    monkeypatch.setenv("LACHAN_HOME", str(home))
    assert look(Catalogues, home).level is Level.WELL
    next(home.glob("run/locale-*/vi/LC_MESSAGES/django.mo")).write_bytes(b"no catalogue")
    found = look(Catalogues, home)
    assert found.level is Level.FAULT
    assert "vi" in found.says


def test_it_sees_an_altered_ledger(personas):
    for number in range(3):
        publish(personas, f"ten{number}.example")
    assert look(Ledger).says.startswith("3 rows")
    alter(
        "UPDATE indicators_ledgerrow SET payload = replace(payload, 'ten1', 'ten9') WHERE seq = 2"
    )
    assert "row 2" in look(Ledger).says
    alter("DELETE FROM indicators_ledgerrow WHERE seq = 2")
    assert look(Ledger).level is Level.FAULT


def test_it_sees_a_ledger_whose_end_was_cut_off(personas):
    for number in range(3):
        publish(personas, f"ten{number}.example")
    alter("DELETE FROM indicators_ledgerrow WHERE seq = 3")
    assert "head" in look(Ledger).says


def test_it_sees_an_altered_trail(personas):
    publish(personas, "ten.example")
    assert look(Audit).level is Level.WELL
    alter("UPDATE members_auditentry SET actor = 'somebody' WHERE seq = 1")
    assert "line 1" in look(Audit).says


def test_it_sees_events_that_wait_or_fail(db):
    assert look(Outbox).level is Level.WELL
    event = OutboxEvent.objects.create(
        topic="x", data={}, created_at=now() - timedelta(minutes=5), next_attempt_at=now()
    )
    assert "5 min" in look(Outbox).says
    event.attempts = 1
    event.save()
    assert "failed" in look(Outbox).says
    event.attempts = ATTEMPTS_BEFORE_ALARM
    event.save()
    assert look(Outbox).level is Level.FAULT


def test_it_sees_which_handler_gave_up_since_when_and_says_the_way(db):
    said = datetime(2026, 3, 4, 5, tzinfo=UTC)
    facts = {"topic": "x", "data": {}, "created_at": said, "last_error": "RuntimeError"}
    facts |= {"handler": "cases.on_x", "attempts": 80, "next_attempt_at": now()}
    OutboxEvent.objects.create(**facts)
    OutboxEvent.objects.create(**facts, gave_up_at=now())
    found = look(Outbox)
    assert found.level is Level.FAULT
    assert found.says == "gave up: 1 event at cases.on_x since 2026-03-04 05:00 UTC (RuntimeError)"
    assert "lachan outbox retry" in found.way


def test_it_says_how_messages_go_and_to_nobody_in_particular(db, settings):
    settings.PUSH_CONTACT = "mailto:operator@shield.example"
    assert look(Messages).says == "email: off; web_push: 0 wait"
    facts = {"way": "web_push", "sealed": b"", "expires_at": now(), "created_at": now()}
    Message.objects.create(**facts, tag=b"1", attempts=1, last_error="Http503")
    assert look(Messages).level is Level.WELL  # it has just failed, and is tried again
    Message.objects.update(created_at=now() - timedelta(hours=3))
    assert look(Messages).says == "web_push: 1 fail, 0 were refused (Http503)"
    Message.objects.update(outcome="refused", last_error="Http403")
    found = look(Messages)
    assert (found.level, found.says) == (
        Level.WARNING,
        "web_push: 0 fail, 1 were refused (Http403)",
    )
    Message.objects.update(outcome="sent")
    assert look(Messages).level is Level.WELL
    settings.PUSH_CONTACT = ""
    assert "LACHAN_PUSH_CONTACT" in look(Messages).says


def test_it_sees_how_the_snapshot_stands_to_the_ledger(home, personas, monkeypatch):
    monkeypatch.setattr("lachan.cli.follower._PATIENCE", 0.1)
    assert "none yet" in look(Snapshot, home).says
    publish(personas, "ten.example")
    assert "the ledger at 1" in look(Snapshot, home).says
    verdict = Verdict(kind="domain", value="ten.example", categories=("scam",))
    with SnapshotWriter(home / "snapshots") as writer:
        writer.rebuild([verdict], 1)
    assert look(Snapshot, home).level is Level.WELL
    with SnapshotWriter(home / "snapshots") as writer:
        writer.rebuild([verdict], 2)
    found = look(Snapshot, home)
    assert found.level is Level.FAULT
    assert "the ledger only at 1" in found.says
    assert "--rebuild" in found.way


def test_it_sees_a_damaged_snapshot(home, db):
    for sequence in (0, 0):
        with SnapshotWriter(home / "snapshots") as writer:
            writer.rebuild([], sequence)
    os.truncate(max((home / "snapshots").glob("base-*.snap")), 100)
    found = look(Snapshot, home)
    assert found.level is Level.FAULT
    assert "--rebuild" in found.way


def test_it_sees_who_holds_the_desk_key(personas):
    assert look(DeskKey).level is Level.WELL
    first = DeskKeyWrap.objects.filter(person__isnull=False).values("pk")[:1]
    DeskKeyWrap.objects.exclude(pk__in=first).delete()
    assert look(DeskKey).level is Level.WARNING
    DeskKeyWrap.objects.all().delete()
    assert "nobody" in look(DeskKey).says
    Key.objects.all().delete()
    assert "no report can be taken" in look(DeskKey).says


def test_it_sees_who_holds_the_key_of_every_desk(personas):
    there = personas.other.organisation
    row, _ = desk_key_make(there)
    assert look(DeskKey).level is Level.WELL
    row.wraps.all().delete()
    found = look(DeskKey)
    assert found.level is Level.FAULT
    assert str(there.uid) in found.says


def test_it_reminds_of_the_first_link(db):
    first_link()
    assert "link" in look(DeskKey).says


def test_it_sees_processes_that_fell(home):
    assert look(Processes, home).level is Level.WARNING
    (home / "run" / "up.lock").touch()
    mine, gone = [os.getpid(), started_at(os.getpid())], [os.getpid(), 1]
    (home / "run" / "up.json").write_text(json.dumps({"dns": gone, "web": gone}))
    assert "none of them" in look(Processes, home).says
    (home / "run" / "up.json").write_text(json.dumps({"dns": mine, "web": gone}))
    assert "supervisor" in look(Processes, home).says
    with _held(home / "run" / "up.lock"):
        assert look(Processes, home).says == "not running: web"
        (home / "run" / "up.json").write_text(json.dumps({"dns": mine, "web": mine}))
        assert "nothing of itself" in look(Processes, home).says
        status = {"written": time.time(), "fault": ""}
        (home / "run" / "dns.json").write_text(json.dumps(status))
        assert look(Processes, home).level is Level.WELL
        (home / "run" / "dns.json").write_text(json.dumps(status | {"written": 0}))
        assert "hangs" in look(Processes, home).says
        (home / "run" / "dns.json").write_text(json.dumps(status | {"fault": "dns-policy.json: x"}))
        assert "dns-policy.json" in look(Processes, home).says
    (home / "run" / "up.json").write_text("{")
    assert look(Processes, home).level is Level.FAULT


def _held(path):
    """The lock as a supervisor holds it: another process, since one's own lock never stands in one's way."""
    code = "import fcntl,sys;f=open(sys.argv[1],'w');fcntl.flock(f,2);print(flush=True);sys.stdin.read()"
    return _Held(code, path)


class _Held:
    def __init__(self, code, path):
        self.command = [sys.executable, "-c", code, str(path)]

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.process.stdout.readline()

    def __exit__(self, *_):
        self.process.communicate()


def test_it_goes_on_when_a_check_breaks(monkeypatch, home, capsys):
    def broken(self, home, tell):
        raise RuntimeError("with a child's words")

    monkeypatch.setattr(Disk, "look", broken)
    found = check_all(home)
    assert found["disk"].says == "looking failed (RuntimeError)"
    assert found["ledger"].level is Level.WARNING
    assert "child" not in capsys.readouterr().err


@pytest.mark.django_db
def test_it_sees_what_of_the_guard_is_not_in_use(home, settings):
    settings.LACHAN_HOME = home
    assert look(Guard) == Finding(says="no list of well-known sites")
    ListImport.objects.create(source="x", file_name="x", category="gambling", by_label="x")
    assert "lachan guard update" in look(Guard).way
    file = home / "top.csv"
    file.write_text("1,lon.example\n")
    sites_replace(by=system("test"), files=[file])
    assert look(Guard).level is Level.WELL
    long_ago = (now() - timedelta(days=100)).timestamp()
    os.utime(file, (long_ago, long_ago))
    sites_replace(by=system("test"), files=[file])
    assert "long ago" in look(Guard).says
    bad = home / "guard" / "bad.json"
    bad.write_text('{"name": "x", "type": "glob", "list": ["a.example"]}')
    assert "bad.json" in look(Guard).says
    bad.unlink()
    (home / "guard" / "sites.bin").write_bytes(b"cut")
    assert look(Guard).level is Level.FAULT


def doctor(home, **settings):
    kept = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    run = subprocess.run(
        [sys.executable, "-m", "lachan", "doctor", "--json"],
        env={**kept, "LACHAN_HOME": str(home), **settings},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.stderr == ""
    return run.returncode, {c["name"]: c for c in json.loads(run.stdout)["checks"]}


def test_it_says_what_to_do_where_nothing_is_yet(tmp_path):
    code, found = doctor(tmp_path / "no")
    assert code == 2
    assert "lachan up" in found["home"]["way"]
    assert not (tmp_path / "no").exists()


def test_it_sees_a_damaged_database_file(home):
    (home / "secret.key").write_text("x" * 64)
    (home / "secret.key").chmod(0o600)
    (home / "db.sqlite3").write_bytes(b"no database" * 1000)
    code, found = doctor(home)
    assert code == 2
    assert found["database"]["level"] == "fault"
    assert "db.sqlite3" in found["database"]["way"]


def test_it_sees_an_index_that_says_other_than_its_table(monkeypatch):
    """By it a query finds one organisation's rows for another, though each row is as it was, with its proof."""
    raw = sqlite3.connect(":memory:", isolation_level=None)
    raw.execute("CREATE TABLE a_case (whose INTEGER)")
    raw.execute("CREATE INDEX by_whose ON a_case (whose)")
    raw.execute("INSERT INTO a_case VALUES (1), (1), (2)")
    fake = SimpleNamespace(vendor="sqlite", cursor=lambda: contextlib.closing(raw.cursor()))
    monkeypatch.setattr("django.db.connection", fake)
    assert Database._broken() == ""
    raw.execute("UPDATE a_case SET whose = 2 WHERE rowid = 1")
    raw.execute("PRAGMA writable_schema=ON")
    (index,) = raw.execute("SELECT * FROM sqlite_master WHERE type = 'index'").fetchall()
    raw.execute("DELETE FROM sqlite_master WHERE type = 'index'")
    raw.execute("PRAGMA writable_schema=RESET")
    raw.execute("UPDATE a_case SET whose = 1 WHERE rowid = 1")
    raw.execute("PRAGMA writable_schema=ON")
    raw.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", index)
    raw.execute("PRAGMA writable_schema=RESET")
    assert raw.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
    assert "index" in Database._broken()


def test_it_sees_that_postgresql_does_not_answer(home):
    (home / "secret.key").write_text("x" * 64)
    (home / "secret.key").chmod(0o600)
    code, found = doctor(home, DATABASE_URL="postgresql://a:password@127.0.0.1:1/x")
    assert code == 2
    assert found["database"]["says"] == "PostgreSQL does not answer (OperationalError)"
    assert "password" not in json.dumps(found)


def test_it_sees_a_schema_that_is_behind(home):
    environment = {**os.environ, "LACHAN_HOME": str(home)}
    environment.pop("DATABASE_URL", None)
    lachan = [sys.executable, "-m", "lachan", "migrate", "outbox", "zero"]
    subprocess.run(lachan, env=environment, check=True, capture_output=True)
    _, found = doctor(home)
    assert found["database"]["way"] == "lachan migrate"
    assert found["ledger"]["level"] == "warning"
