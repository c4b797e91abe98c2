"""The first page says what is missing for the loop to go round."""

from datetime import timedelta

from lachan.kernel.clock import held_at, now
from lachan.members.records import Role
from lachan.members.start_cards import roles_to_fill


def test_it_asks_for_an_analyst_and_a_reviewer_until_there_are_some(personas):
    administrator = personas.administrator
    assert roles_to_fill(administrator.actor).count == 0
    personas.reviewer.person.grants.all().delete()
    assert roles_to_fill(administrator.actor).count == 1
    page = administrator.client().get("/staff/").content.decode()
    assert f"/staff/members/{personas.organisation.uid}/invite/" in page


def test_it_counts_a_role_with_an_end_until_its_end(personas):
    boss = personas.administrator
    personas.analyst.person.grants.all().delete()
    assert roles_to_fill(boss.actor).count == 1
    ends = now() + timedelta(30)
    personas.given(personas.with_roles().person, Role.ANALYST, until=ends)
    assert roles_to_fill(boss.actor).count == 0
    with held_at(ends):
        assert roles_to_fill(boss.actor).count == 1


def test_it_shows_each_role_its_own_cards(personas):
    def cards(persona):
        return persona.client().get("/staff/").content.decode()

    assert "/staff/cases/?status=new" in cards(personas.analyst)
    assert "/staff/reviews/" in cards(personas.reviewer)
    assert "/staff/disputes/" in cards(personas.reviewer)
    assert "/invite/" not in cards(personas.analyst)
    assert "/staff/cases/?status=new" not in cards(personas.technical)
