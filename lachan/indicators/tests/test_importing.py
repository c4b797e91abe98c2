import gzip
import io
import json

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lachan.cli.main import cli
from lachan.formats.classification.categories import UnknownCategory
from lachan.formats.lists.record import UnreadableList
from lachan.indicators import importing
from lachan.indicators.models import Indicator, LedgerRow, ListImport, Quarantined
from lachan.indicators.records import PUBLIC_AUDIENCE, organisation_audience
from lachan.indicators.selectors import (
    indicator_list,
    ledger_head,
    ledger_list,
    ledger_verify,
    projection_at,
)
from lachan.indicators.services import (
    indicator_propose,
    indicator_review,
    indicator_withdraw,
    list_import,
    list_withdraw,
    sites_replace,
)
from lachan.kernel.errors import InvalidInput, Refused
from lachan.members.models import Organisation
from lachan.members.records import PUBLIC, Role, system
from lachan.outbox.models import OutboxEvent

from .conftest import make_actor

pytestmark = pytest.mark.django_db
OPERATOR = system("lachan import")


def bring(*lines, by=OPERATOR, **options):
    data = b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)
    options.setdefault("category", "gambling")
    return list_import(by=by, stream=io.BytesIO(data), file_name="list.txt", **options)


def counts(report):
    return report.published, report.duplicate, report.guarded, report.quarantined


MIXED = (
    *("# a list", "xau.example", "Xau.Example.", "xau2.example", "", "vnexpress.net", "com.vn"),
    *("khong phai ten", b"\xff\xfe", b"a\x00b", "192.0.2.1", "https://xau3.example/a"),
)


def test_it_accounts_for_every_line_with_content():
    report = bring(*MIXED, source="A source")
    assert counts(report) == (3, 1, 3, 3)
    assert report.content == sum(counts(report)) == 10
    assert report.reasons == {
        "unrecognised": 1,
        "not-utf-8": 1,
        "binary": 1,
        "well-known": 1,
        "public-suffix": 1,
        "reserved-address": 1,
    }
    assert list(Quarantined.objects.order_by("line").values_list("line", "reason")) == [
        (8, "unrecognised"),
        (9, "not-utf-8"),
        (10, "binary"),
    ]
    row = ListImport.objects.get()
    assert (row.source, row.published, row.first_seq, row.last_seq) == ("A source", 3, 1, 3)
    assert row.finished_at
    assert [e.value for e in projection_at(3, PUBLIC_AUDIENCE)] == [
        "xau.example",
        "xau2.example",
        "https://xau3.example/a",
    ]
    assert ledger_verify().fault == ""
    topics = OutboxEvent.objects.values_list("topic", flat=True)
    assert list(topics) == ["indicators.ListImported"]


def test_it_holds_back_what_wants_a_second_look(settings, tmp_path, reviewer):
    settings.LACHAN_HOME = tmp_path
    (tmp_path / "top.csv").write_text("1,lon.example\n")
    sites_replace(by=OPERATOR, files=[tmp_path / "top.csv"])
    (tmp_path / "guard" / "ours.json").write_text(
        json.dumps({"name": "Ours", "type": "string", "list": ["ab" * 32]})
    )
    held = ("lon.example", "a.lon.example", "northswim.org", "so1.edu.vn", "mooo.com", "ab" * 32)
    report = bring("xau.example", "xau.mooo.com", *held)
    assert counts(report) == (2, 0, 6, 0)
    assert report.reasons == {
        "popular-site": 2, "association": 1, "government": 1, "shared-hosting": 1, "warning-list": 1,
    }  # fmt: skip
    waiting = {each.value: each for each in indicator_list(by=reviewer, status="proposed")}
    assert waiting.keys() == {*held}
    assert "number 1 of" in waiting["lon.example"].warnings[0].reason
    done = indicator_review(
        by=reviewer,
        indicator=waiting["lon.example"].uid,
        decision="approve",
        override_reason="it is a betting site, looked at today",
    )
    assert done.status == "published"


def test_it_does_nothing_twice(reviewer):
    bring(*MIXED)
    assert counts(bring(*MIXED)) == (0, 4, 3, 3)
    assert (ledger_head(), Indicator.objects.count()) == (3, 6)
    waiting = indicator_list(by=reviewer, status="proposed")
    assert {i.value for i in waiting} == {"vnexpress.net", "com.vn", "192.0.2.1"}
    for each in waiting:
        indicator_review(by=reviewer, indicator=each.uid, decision="reject")
    assert counts(bring(*MIXED)) == (0, 4, 3, 3)


def test_it_publishes_what_was_merely_proposed_or_rejected_once(analyst, reviewer):
    for value in ("cho.example", "khong.example"):
        proposed = indicator_propose(by=analyst, value=value, category="scam")
    indicator_review(by=reviewer, indicator=proposed.uid, decision="reject")
    assert bring("cho.example", "khong.example", dry_run=True).published == 2
    report = bring("cho.example", "khong.example", "xau.example", "com.vn")
    assert counts(report) == (3, 0, 1, 0)
    assert report.reasons == {
        "published-though-proposed": 1, "published-though-rejected": 1, "public-suffix": 1,
    }  # fmt: skip
    waiting = indicator_list(by=reviewer, status="proposed")
    assert {each.value for each in waiting} == {"cho.example", "com.vn"}


def test_it_does_not_publish_again_what_a_person_took_back(reviewer):
    bring("xau.example")
    (found,) = indicator_list(by=reviewer)
    indicator_withdraw(by=reviewer, indicator=found.uid)
    report = bring("xau.example")
    assert counts(report) == (0, 0, 1, 0)
    assert report.reasons == {"withdrawn-before": 1}
    assert list(projection_at(ledger_head(), PUBLIC_AUDIENCE)) == []


def test_it_changes_nothing_when_dry():
    report = bring(*MIXED, dry_run=True)
    assert counts(report) == (3, 1, 3, 3)
    assert report.uid is None
    assert not Indicator.objects.exists()
    assert not ListImport.objects.exists()


def test_it_loses_nothing_when_cut_off(monkeypatch):
    monkeypatch.setattr(importing, "CHUNK", 4)
    lines = [f"xau{number}.example" for number in range(10)]

    class PowerCut(Exception):
        pass

    def cut(done, seen=[]):  # noqa: B006  counts the calls
        seen.append(done)
        if len(seen) == 2:
            raise PowerCut

    with pytest.raises(PowerCut):
        bring(*lines, progress=cut)
    row = ListImport.objects.get()
    assert (row.published, row.content, row.finished_at) == (8, 8, None)
    assert ledger_head() == LedgerRow.objects.count() == 8
    assert counts(bring(*lines)) == (2, 8, 0, 0)
    assert ledger_verify().fault == ""


def test_it_widens_what_one_organisation_kept_to_itself(publish, hotline):
    kept = publish("xau.example", tlp="red")
    report = bring("xau.example")
    assert counts(report) == (1, 0, 0, 0)
    own = organisation_audience(hotline.pk)
    assert [e.value for e in projection_at(ledger_head(), own)] == ["xau.example"]
    assert [e.effect for e in ledger_list(after=0, audience=own)] == ["add", "remove", "add"]
    list_withdraw(by=OPERATOR, list_import=report.uid)
    assert [e.uid for e in projection_at(ledger_head(), own)] == [kept.uid]


def test_it_asks_few_questions_a_chunk():
    with CaptureQueriesContext(connection) as few:
        bring(*(f"a{number}.example" for number in range(10)))
    with CaptureQueriesContext(connection) as many:
        bring(*(f"b{number}.example" for number in range(1000)))
    # executemany counts one question a row in debug mode: two tables, and nothing else grows.
    assert len(many) - len(few) <= 2 * 990


def test_it_keeps_only_so_many_bad_lines(monkeypatch):
    monkeypatch.setattr(importing, "KEPT_LINES", 5)
    report = bring(*["khong phai"] * 20)
    assert report.quarantined == 20
    assert Quarantined.objects.count() == 5


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"category": "nonsense"}, UnknownCategory),
        ({"tlp": "red"}, InvalidInput),
        ({"confidence": 200}, InvalidInput),
        ({"form": "pdf"}, UnreadableList),
        ({"by": PUBLIC}, Refused),
    ],
)
def test_it_says_at_once_what_cannot_be_used(options, error):
    with pytest.raises(error):
        bring("xau.example", **options)
    assert not ListImport.objects.exists()


def test_it_is_for_those_who_may(hotline):
    assert counts(bring("xau.example", by=make_actor(hotline, Role.OFFICER)))[0] == 1
    with pytest.raises(Refused):
        bring("xau.example", by=make_actor(hotline, Role.ANALYST))
    assert Organisation.objects.exists()


def test_it_works_from_the_command_line(tmp_path):
    file = tmp_path / "list.txt"
    file.write_bytes(b"xau.example\nvnexpress.net\nkhong phai ten\n")
    ask = ["import", str(file), "--category", "gambling"]
    done = CliRunner().invoke(cli, [*ask, "--json"], catch_exceptions=False)
    report = json.loads(done.stdout)
    assert report["content"] == 3
    assert report["published"] == report["guarded"] == report["quarantined"] == 1
    done = CliRunner().invoke(cli, [*ask, "--dry-run"], catch_exceptions=False)
    assert "duplicate    1" in done.stdout, done.stderr
    wrong = CliRunner().invoke(cli, ["import", str(file), "--category", "x"])
    assert (wrong.exit_code, "[unknown-category]" in wrong.stderr) == (1, True)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"# a comment alone\n", b"domain,note\n", b"[]"])
def test_an_intake_of_nothing_is_a_failure(tmp_path, data):
    with pytest.raises(UnreadableList, match="nothing stands in it"):
        bring(data)
    assert not ListImport.objects.exists()
    (tmp_path / "list.txt").write_bytes(data)
    ask = ["import", str(tmp_path / "list.txt"), "--category", "scam"]
    done = CliRunner().invoke(cli, ask, catch_exceptions=False)
    assert (done.exit_code, "[unreadable-list]" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("lines", "options", "said"),
    [
        (["0.0.0.0 a.example"], ["--form", "adblock"], "as hosts they could be read, without --form adblock"),
        (["||a.example^"], ["--form", "hosts"], "as adblock they could be read, without --form hosts"),
        (["a.example"], ["--kind", "md5"], "as plain they could be read, without --kind md5"),
        (["a.example,gambling,2026"] * 3, [], "as csv they could be read, with a first row"),
        (["hai tu"], [], "every line was refused: the reasons stand above"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("machine", [False, True])
def test_a_list_whose_every_line_is_refused_says_what_would_have_read_it(
    tmp_path, lines, options, said, machine
):
    (tmp_path / "list.txt").write_text("\n".join(lines))
    ask = ["import", str(tmp_path / "list.txt"), "--category", "scam", *options]
    done = CliRunner().invoke(cli, [*ask, *["--json"] * machine], catch_exceptions=False)
    assert (done.exit_code, said in done.stderr) == (1, True), done.output
    if machine:
        assert json.loads(done.stdout)["quarantined"] == len(lines)


def test_a_packed_list_is_read(tmp_path):
    (tmp_path / "list.txt.gz").write_bytes(gzip.compress(b"a.example\nb.example\n"))
    ask = ["import", str(tmp_path / "list.txt.gz"), "--category", "scam", "--json"]
    done = CliRunner().invoke(cli, ask, catch_exceptions=False)
    assert json.loads(done.stdout)["published"] == 2


def test_it_waits_for_a_person_where_a_list_lets_a_part_through():
    report = bring("||g.example^", "||ok.example^", "@@||ok.g.example^", "@@||ok.example^")
    assert counts(report) == (0, 0, 1, 3)
    assert report.reasons == {"lets-part-through": 1, "let-through": 1, "exception-rule": 2}
