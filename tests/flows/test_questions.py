"""How often the acts on the way from a report to a blocked name ask the database: each question costs every one
of them, and one that creeps in is seen by nobody.
"""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lachan.indicators.services import indicator_propose, indicator_review, indicator_withdraw
from lachan.members.records import PUBLIC
from lachan.members.selectors import actor_for
from lachan.outbox.services import events_deliver
from lachan.reports.records import ReportContent, Urgency
from lachan.reports.services import form_new, report_submit


@pytest.fixture
def asked():
    """Runs something and says how many rows' worth of questions it asked, without the transaction's own."""

    def run(act):
        with CaptureQueriesContext(connection) as queries:
            found = act()
        words = [query["sql"].split(maxsplit=1)[0] for query in queries]
        return found, sum(word in {"SELECT", "INSERT", "UPDATE", "DELETE", "1"} for word in words)

    return run


@pytest.mark.django_db(transaction=True)
def test_it_asks_no_more_than_it_must(personas, asked):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL takes its locks and wakes by questions of their own")
    content = ReportContent(words="một chuyện", traces="", contact="", about="me")
    facts = {"category": "contract.scam", "urgency": Urgency.SOON, "province": "", "language": "vi"}
    analyst, reviewer = personas.analyst.actor, personas.reviewer.actor

    def round_of(name):
        form, counts = form_new(), {}
        while events_deliver():
            pass
        _, counts["submit"] = asked(
            lambda: report_submit(by=PUBLIC, form=form, content=content, **facts)
        )
        _, counts["deliver"] = asked(events_deliver)
        made, counts["propose"] = asked(
            lambda: indicator_propose(by=analyst, value=name, category="scam")
        )
        _, counts["review"] = asked(
            lambda: indicator_review(by=reviewer, indicator=made.uid, decision="approve")
        )
        _, counts["withdraw"] = asked(lambda: indicator_withdraw(by=reviewer, indicator=made.uid))
        _, counts["actor"] = asked(lambda: actor_for(personas.reviewer.person))
        return counts

    round_of("dau.example")
    counts = round_of("sau.example")
    # The tally is not begun here: it asks once more where it is.
    most = {"submit": 5, "deliver": 10, "propose": 9, "review": 16, "withdraw": 14, "actor": 1}
    assert {act: number for act, number in counts.items() if number > most[act]} == {}
