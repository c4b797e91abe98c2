"""`lachan outbox`: what did not arrive is seen, tried again, or dropped by somebody who says so."""

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from lachan.cli.main import cli
from lachan.members.models import AuditEntry
from lachan.outbox.models import OutboxEvent

pytestmark = pytest.mark.django_db
SAID = datetime(2026, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr("lachan.cli.commands.outbox.django_ready", lambda: None)
    facts = {"topic": "x", "data": {"report": "secret"}, "created_at": SAID}
    facts |= {"attempts": 80, "next_attempt_at": SAID, "last_error": "RuntimeError"}
    for handler in ("cases.on_received", "cases.on_received", "cases.on_written"):
        OutboxEvent.objects.create(**facts, handler=handler, gave_up_at=SAID)
    OutboxEvent.objects.create(**facts, handler="cases.on_received")

    def ask(*arguments, **more):
        return CliRunner().invoke(cli, ["outbox", *arguments], catch_exceptions=False, **more)

    return ask


def given_up(handler):
    return OutboxEvent.objects.filter(handler=handler, gave_up_at__isnull=False).count()


def test_it_lists_what_failed_by_handler_and_no_data(run):
    said = run("list").output
    assert (
        "cases.on_received: RuntimeError\n  the oldest said in the hour of 2026-03-04 05:00 UTC"
        in said
    )
    assert "  1 tried again, up to 80 times until now\n  2 gave up\n" in said
    assert "lachan outbox retry" in said
    told = json.loads(run("list", "--json").output)
    assert [(one["handler"], one["gave_up"]) for one in told["failing"]] == [
        ("cases.on_received", 2),
        ("cases.on_written", 1),
    ]
    assert "secret" not in said + json.dumps(told)
    assert "web_push: 0 wait" in said
    assert "email: 0 wait\n  off" in said
    assert [one["way"] for one in told["messages"]] == ["email", "web_push"]


def test_it_tries_again_at_one_handler_or_at_all(run):
    assert run("retry", "cases.on_written").output == "1 are tried again\n"
    assert (given_up("cases.on_written"), given_up("cases.on_received")) == (0, 2)
    assert run("retry").output == "4 are tried again\n"
    assert given_up("cases.on_received") == 0


def test_it_drops_only_when_told_twice_and_the_trail_says_so(run):
    assert run("drop", "cases.on_received", input="n\n").exit_code == 1
    assert given_up("cases.on_received") == 2
    assert run("drop", "cases.on_received", "--yes").output == "2 dropped\n"
    assert (given_up("cases.on_received"), given_up("cases.on_written")) == (0, 1)
    line = AuditEntry.objects.get()
    assert (line.action, line.object, line.detail) == (
        "outbox.drop",
        "handler:cases.on_received",
        {"events": 2},
    )
    assert run("drop", "cases.on_purged", "--yes").output == "0 dropped\n"
    assert AuditEntry.objects.count() == 1
