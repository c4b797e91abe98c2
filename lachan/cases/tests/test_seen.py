import html
import re

import pytest

from lachan.cases.models import Case, CaseEvent
from lachan.cases.records import QueueFilter
from lachan.cases.selectors.queue import queue_page
from lachan.cases.services.claiming import case_claim, case_hand_over
from lachan.cases.services.linking import case_link
from lachan.cases.services.opening import case_mark_written
from lachan.cases.services.unsealing import case_report_open
from lachan.cases.services.working import case_answer, case_close, case_move
from lachan.kernel.seen import Stale
from lachan.members.records import PUBLIC, system
from lachan.reports.services import reporter_write

pytestmark = pytest.mark.django_db

ACTS = {
    "answer": {"words": "lời đã viết"},
    "close": {"outcome": "helped", "words": "lời đã viết"},
    "move": {"to": "waiting"},
    "classify": {"category": "contract.phishing"},
    "priority": {"priority": "7", "words": "lời đã viết"},
    "hand-over": {"words": "lời đã viết"},
    "release": {},
    "clock": {"clock": "answer"},
}


@pytest.fixture
def mine(case, personas):
    row = case()
    case_claim(by=personas.analyst.actor, uid=row.uid)
    row.refresh_from_db()
    return row


@pytest.fixture
def client(personas):
    return personas.analyst.client()


def seen_on(page):
    return re.search(r'name="_seen" value="(\w+)"', page.content.decode())[1]


def write(row, words="thêm nữa"):
    reporter_write(by=PUBLIC, report=row.report_uid, words=words, token=words)


@pytest.mark.parametrize("delivered", [True, False])
@pytest.mark.parametrize("act", ACTS)
def test_it_refuses_an_act_on_a_page_from_before_the_reporter_wrote(
    mine, client, personas, deliver, act, delivered
):
    at = f"/staff/cases/{mine.uid}/"
    fields = ACTS[act] | {"_seen": seen_on(client.get(at)), "to": ACTS[act].get("to", "")}
    if act == "hand-over":
        fields["to"] = str(personas.officer.person.uid)
    write(mine)
    if delivered:
        deliver()
    before = Case.objects.values("status", "assignee", "override", "category").get(pk=mine.pk)
    answer = client.post(f"{at}{act}/", fields)
    assert answer.status_code == 409
    assert Case.objects.values(*before).get(pk=mine.pk) == before
    page = html.unescape(answer.content.decode())
    # What came is there to be read, and what was typed stands in its form again.
    assert "thêm nữa" in page
    if words := fields.get("words"):
        assert re.search(rf'<textarea\s[^>]*name="words"[^>]*>\s*{words}</textarea>', page)
    assert client.post(f"{at}{act}/", fields | {"_seen": seen_on(answer)}).status_code in {302, 422}


def test_it_notices_a_second_message_of_the_same_hour(mine, client, deliver):
    at = f"/staff/cases/{mine.uid}/"
    write(mine, "một")
    deliver()
    seen = seen_on(client.get(at))
    write(mine, "hai")
    deliver()
    answer = client.post(f"{at}close/", {"outcome": "helped", "_seen": seen})
    assert answer.status_code == 409
    mine.refresh_from_db()
    assert (mine.closed_at, mine.assignee_id is None) == (None, False)


def test_it_closes_no_case_with_words_that_nobody_has_read(mine, personas, deliver, keys):
    by = personas.analyst.actor
    write(mine)
    deliver()
    with pytest.raises(Stale):
        case_close(by=by, uid=mine.uid, outcome="helped")
    page = queue_page(by=by, wanted=QueueFilter())
    assert [(row.uid, row.reporter_unread) for row in page.rows] == [(mine.uid, True)]
    case_report_open(by=by, uid=mine.uid, keys=keys)
    case_close(by=by, uid=mine.uid, outcome="helped")


def test_it_answers_what_was_read_and_lets_the_reporter_wait(mine, personas, deliver):
    write(mine)
    deliver()
    case_answer(by=personas.analyst.actor, uid=mine.uid, words="Cảm ơn bạn", is_question=True)
    mine.refresh_from_db()
    assert mine.reporter_waits_since is not None
    assert (mine.reporter_unread, mine.status) == (True, "in_progress")


def test_it_refuses_an_act_after_a_colleague_s(mine, client, personas):
    at = f"/staff/cases/{mine.uid}/"
    old = seen_on(client.get(at))
    officer = personas.officer
    case_hand_over(by=officer.actor, uid=mine.uid, to=officer.person.uid)
    case_move(by=officer.actor, uid=mine.uid, to="waiting")
    case_hand_over(by=officer.actor, uid=mine.uid, to=personas.analyst.person.uid)
    answer = client.post(f"{at}classify/", {"category": "contract.phishing", "_seen": old})
    assert answer.status_code == 409


def test_it_lets_notes_and_own_steps_through(mine, client):
    at = f"/staff/cases/{mine.uid}/"
    seen = seen_on(client.get(at))
    write(mine)
    assert client.post(f"{at}note/", {"words": "x", "_seen": seen}).status_code == 302
    # Reading alone, a colleague's too, and the passing of time change nothing that anybody could wipe.
    for act, fields in (("move", {"to": "waiting"}), ("move", {"to": "in_progress"})):
        fields["_seen"] = seen_on(client.get(at))
        client.get(at)
        assert client.post(f"{at}{act}/", fields).status_code == 302


def test_it_keeps_the_mark_for_words_that_came_while_it_was_opened(mine, personas, keys, deliver):
    write(mine, "một")
    deliver()
    by = personas.analyst.actor

    class Late(dict):
        """The reporter writes once the report is read, before the mark is taken away."""

        def values(self):
            write(mine, "hai")
            return super().values()

    case_report_open(by=by, uid=mine.uid, keys=Late(keys))
    mine.refresh_from_db()
    assert mine.reporter_unread
    case_report_open(by=by, uid=mine.uid, keys=keys)
    mine.refresh_from_db()
    assert not mine.reporter_unread


def test_it_keeps_the_mark_until_the_duplicate_is_read_too(case, mine, personas, keys, deliver):
    by, twin = personas.analyst.actor, case()
    case_link(by=by, uid=twin.uid, other=mine.uid, kind="duplicate")
    write(twin)
    deliver()
    page = personas.analyst.client().get(f"/staff/cases/{mine.uid}/")
    assert page.context["unread"] == {twin.pk}
    mine.refresh_from_db()
    assert mine.reporter_unread
    with pytest.raises(Stale):
        case_close(by=by, uid=mine.uid, outcome="helped")
    case_report_open(by=by, uid=twin.uid, keys=keys)
    case_report_open(by=by, uid=mine.uid, keys=keys)
    mine.refresh_from_db()
    assert not mine.reporter_unread


def test_it_carries_unread_words_into_the_case_that_goes_on(case, mine, personas, deliver):
    by, other = personas.analyst.actor, case()
    write(mine)
    deliver()
    case_answer(by=by, uid=mine.uid, words="Cảm ơn")
    Case.objects.filter(pk=mine.pk).update(reporter_waits_since=None)
    case_link(by=by, uid=mine.uid, other=other.uid, kind="duplicate")
    other.refresh_from_db()
    assert other.reporter_unread


def test_it_opens_again_what_was_closed_in_the_same_moment(mine, personas, deliver):
    """The message was there, and its event still on the way."""
    write(mine)
    case_close(by=personas.analyst.actor, uid=mine.uid, outcome="helped")
    deliver()
    mine.refresh_from_db()
    assert (mine.closed_at, mine.status, mine.reporter_unread) == (None, "new", True)
    case_mark_written(by=system("test"), report=mine.report_uid)
    assert CaseEvent.objects.filter(case=mine, kind="reopened").count() == 1
