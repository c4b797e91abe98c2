from datetime import timedelta

import pytest
from django.utils import timezone

from lachan.cases.models import Case
from lachan.cases.records import CaseTaken, QueueFilter
from lachan.cases.selectors.desk import colleague_list
from lachan.cases.selectors.queue import queue_page
from lachan.cases.services.claiming import case_claim
from lachan.cases.services.freeing import cases_free
from lachan.cases.services.working import case_close, case_move
from lachan.kernel.clock import held_at, now
from lachan.members.keys.desk_keys import wrap_for_person
from lachan.members.models import AuditEntry, Organisation
from lachan.members.records import Role, system
from lachan.members.services import person_deactivate, role_revoke

pytestmark = pytest.mark.django_db
SYSTEM = system("test")


@pytest.fixture
def leaver(personas):
    """An analyst with a copy of the key, besides those of `personas`."""
    persona = personas.with_roles(Role.ANALYST)
    wrap_for_person(
        desk_key_id=personas.organisation.desk_keys.get().pk,
        private=personas.desk_private,
        person=persona.person,
    )
    return persona


@pytest.fixture
def held(case, leaver):
    row = case()
    case_claim(by=leaver.actor, uid=row.uid)
    case_move(by=leaver.actor, uid=row.uid, to="waiting")
    return row


def _role_over(leaver, personas):
    leaver.person.grants.update(valid_until=now())


def _role_taken(leaver, personas):
    role_revoke(by=personas.administrator.actor, person=leaver.person, role=Role.ANALYST)


def _role_changed(leaver, personas):
    by = personas.administrator.actor
    personas.given(leaver.person, Role.REVIEWER)
    role_revoke(by=by, person=leaver.person, role=Role.ANALYST)


def _left(leaver, personas):
    person_deactivate(by=personas.administrator.actor, person=leaver.person)


def _key_lost(leaver, personas):
    leaver.person.wraps.all().delete()


@pytest.mark.parametrize("end", [_role_over, _role_taken, _role_changed, _left, _key_lost])
def test_it_frees_the_cases_of_who_cannot_work_on_them(held, leaver, personas, end):
    end(leaver, personas)
    personas.analyst.client().get("/staff/cases/")
    page = queue_page(by=personas.analyst.actor, wanted=QueueFilter(status="new"))
    assert [row.uid for row in page.rows] == [held.uid]
    assert held.timeline.filter(kind="freed", person=None).count() == 1
    assert AuditEntry.objects.filter(action="case.freed").count() == 1
    assert leaver.person not in colleague_list(held) or end is _key_lost
    case_claim(by=personas.analyst.actor, uid=held.uid)
    assert cases_free(by=SYSTEM) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"status": Organisation.Status.SUSPENDED},
        {"status": Organisation.Status.LEFT},
        {"valid_until": timezone.now() - timedelta(days=1)},
    ],
)
def test_it_frees_the_cases_of_an_organisation_that_may_not_act(held, personas, change):
    Organisation.objects.filter(pk=personas.organisation.pk).update(**change)
    assert cases_free(by=SYSTEM) == 1
    held.refresh_from_db()
    assert (held.assignee, held.status) == (None, "new")


def test_it_frees_when_time_alone_ends_a_role(held, leaver, personas):
    day = now() + timedelta(days=1)
    leaver.person.grants.update(valid_until=day)
    assert cases_free(by=SYSTEM) == 0
    with held_at(day + timedelta(seconds=1)):
        assert cases_free(by=SYSTEM) == 1


def test_it_leaves_cases_with_who_can_work(held, case, leaver, personas):
    done = case()
    case_claim(by=leaver.actor, uid=done.uid)
    case_close(by=leaver.actor, uid=done.uid, outcome="helped")
    assert cases_free(by=SYSTEM) == 0
    _left(leaver, personas)
    cases_free(by=SYSTEM)
    # Who ended a case stays in its story.
    assert Case.objects.get(pk=done.pk).assignee == leaver.person


def test_it_frees_nothing_while_nobody_at_all_holds_the_key(case, personas):
    row = case()
    case_claim(by=personas.analyst.actor, uid=row.uid)
    for persona in (personas.analyst, personas.officer, personas.reviewer, personas.administrator):
        persona.person.wraps.all().delete()
    assert cases_free(by=SYSTEM) == 0


def test_a_colleague_takes_a_lost_case_at_once(held, leaver, personas):
    _left(leaver, personas)
    case_claim(by=personas.officer.actor, uid=held.uid)
    held.refresh_from_db()
    assert held.assignee == personas.officer.person
    with pytest.raises(CaseTaken):
        case_claim(by=personas.analyst.actor, uid=held.uid)
