"""Whatever a hand at the database does to rows that decide something shows; honest histories do not."""

import contextlib

import pytest
from django.db import connection, transaction

from lachan.members.models import Organisation, Person, RoleGrant
from lachan.proofs.models import Tally
from lachan.proofs.note import note_keep, note_read
from lachan.proofs.records import RowUnproved
from lachan.proofs.services import (
    Remembered,
    chain_fault,
    chain_note,
    proofs_adopt,
    proofs_verify,
    row_holds,
    row_require,
)
from lachan.proofs.tally import commits_settle, tally_settle

pytestmark = pytest.mark.django_db


GRANT = """INSERT INTO members_rolegrant (person_id, role, valid_from, granted_by)
SELECT id, 'administrator', '2026-01-01', '' FROM members_person"""
TWICE = """INSERT INTO proofs_tally (counts, total, changes, proof)
SELECT counts, total, changes, proof FROM proofs_tally"""


@pytest.fixture(autouse=True)
def _begun(settings, tmp_path):
    settings.LACHAN_HOME = tmp_path
    Organisation.objects.create(name="Before", type="ngo")
    proofs_adopt({})


@pytest.fixture
def people():
    organisation = Organisation.objects.create(name="Hotline", type="hotline")
    made = [
        Person.objects.create(email=f"p{n}@desk.example", name=f"P{n}", organisation=organisation)
        for n in range(3)
    ]
    tally_settle()
    return made


def raw(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)


def test_it_proves_what_stood_there_before():
    assert proofs_verify().rows == 1
    assert row_holds(Organisation.objects.get(name="Before"))


def test_it_finds_nothing_in_an_honest_history(people):
    first, second, third = people
    first.name = "Another"
    first.save()
    second.is_active = False
    second.save(update_fields=["is_active"])
    first.save(update_fields=["last_login"])
    grants = [RoleGrant(person=first, role="analyst"), RoleGrant(person=third, role="auditor")]
    RoleGrant.objects.bulk_create(grants)
    first.grants.update(granted_by="person:1")
    Person.objects.filter(is_active=True).update(language="fr", name="Alike")
    third.delete()
    Person.objects.filter(pk=second.pk).delete()
    RoleGrant.objects.get_or_create(person=first, role="reviewer")
    RoleGrant.objects.update_or_create(person=first, role="reviewer", defaults={"granted_by": "x"})
    check = proofs_verify()
    assert (check.fault, check.rows) == ("", 2 + 1 + 2)
    assert all(row_holds(row) for row in [*Person.objects.all(), *RoleGrant.objects.all()])


def test_it_proves_what_stands_in_the_database_and_not_in_memory(people):
    older = Person.objects.get(pk=people[0].pk)
    Person.objects.filter(pk=people[0].pk).update(is_active=False)
    older.email = "other@desk.example"
    older.save(update_fields=["email"])
    assert proofs_verify().fault == ""


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE members_person SET public_key = 'age1thief' WHERE email LIKE 'p1%'",
        "UPDATE members_person SET proof = NULL WHERE email LIKE 'p1%'",
        "DELETE FROM members_person WHERE email LIKE 'p1%'",
        "UPDATE members_person SET email = 'x@desk.example' WHERE email LIKE 'p2%'",
        GRANT,
        "DELETE FROM proofs_tally",
        "UPDATE proofs_tally SET counts = '{}'",
        "UPDATE proofs_tally SET changes = 1",
        TWICE,
    ],
)
def test_it_finds_what_was_written_past_the_product(people, sql):
    raw(sql)
    assert proofs_verify().fault


def test_an_honest_change_makes_no_altered_row_true(people):
    raw("UPDATE members_person SET public_key = 'age1thief'")
    one, two, _ = Person.objects.order_by("pk")
    one.name = "Changed"
    one.save()
    two.name = "Changed"
    two.save(update_fields=["name"])
    Person.objects.update(is_active=True)
    assert not any(map(row_holds, Person.objects.all()))
    assert proofs_verify().faults == 3


@pytest.mark.django_db(transaction=True)
def test_it_counts_at_the_commit_what_was_not_taken_back():
    def changes():
        return Tally.objects.get().changes

    before = changes()
    with transaction.atomic():
        Organisation.objects.create(name="One", type="ngo")
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            Organisation.objects.create(name="Taken back", type="ngo")
            raise ZeroDivisionError
        Organisation.objects.create(name="Two", type="ngo")
        assert changes() == before
    assert changes() == before + 1
    assert (proofs_verify().fault, proofs_verify().rows) == ("", 3)


def test_it_finds_rows_that_were_put_back_with_their_tally(people):
    before = Tally.objects.values().get()
    RoleGrant.objects.create(person=people[0], role="auditor")
    tally_settle()
    note_keep(Tally.objects.get().changes)
    raw("DELETE FROM members_rolegrant")
    raw(
        "UPDATE proofs_tally SET changes = %s, total = %s, proof = %s",
        before["changes"], before["total"], before["proof"],
    )  # fmt: skip
    Tally.objects.update(counts=before["counts"])
    assert proofs_verify().fault == "the tally is older than what was noted"


def test_it_adopts_nothing_twice(people, settings):
    raw("UPDATE members_person SET public_key = 'age1thief' WHERE email LIKE 'p1%'")
    assert proofs_adopt({}) == 0
    raw("DELETE FROM proofs_tally")
    with pytest.raises(Exception, match="tally"):
        proofs_adopt({})
    (note,) = settings.LACHAN_HOME.glob("*.json")
    note.write_text("{")  # cut off by a hand: a crash leaves it whole
    with pytest.raises(Exception, match="tally"):
        proofs_adopt({})


def test_it_takes_a_former_secret_for_a_while(people, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a fresh one"
    assert (proofs_verify().fault, proofs_verify().former) == ("", 5)
    people[0].name = "Since"
    people[0].save()
    assert (proofs_verify().fault, proofs_verify().former) == ("", 4)
    settings.SECRET_KEY_FALLBACKS = []
    assert proofs_verify().fault


def test_it_changes_every_row_that_was_asked_for_and_says_how_many(people):
    assert Person.objects.filter(is_active=True).update(name="Alike") == 3
    assert set(Person.objects.values_list("name", flat=True)) == {"Alike"}
    assert Person.objects.filter(name="Nobody").update(name="Alike") == 0
    assert proofs_verify().fault == ""


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has types")
@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        (
            "UPDATE members_rolegrant SET valid_until = 'x'",  # read by Django: no end
            "a row of role holds valid_until as the product never writes it",
        ),
        ("UPDATE members_rolegrant SET person_id = 999", "a row of role points at nothing"),
    ],
)
def test_it_finds_what_reads_like_nothing(people, sql, fault):
    RoleGrant.objects.create(person=people[0], role="auditor")
    assert proofs_verify().fault == ""
    raw(sql)
    assert proofs_verify().fault == fault
    raw("DELETE FROM members_rolegrant")  # no row points at nothing when the test ends


def test_it_requires_a_row_that_it_wrote(people):
    assert row_require(people[0]) is None
    raw("UPDATE members_person SET public_key = 'age1thief'")
    with pytest.raises(RowUnproved) as said:
        row_require(Person.objects.get(pk=people[0].pk))
    assert said.value.kind == "person"


def test_it_says_where_a_chain_ends():
    one, two = b"1" * 32, b"2" * 32
    assert chain_fault("trail", 0, b"") == ""
    assert chain_fault("trail", 1, one) == "its head is missing"
    for seq, digest in ((1, one), (2, two)):
        chain_note("trail", seq, digest)
        assert chain_fault("trail", seq, digest) == proofs_verify().fault == ""
    for seq, digest in ((1, one), (2, one), (3, two)):
        assert chain_fault("trail", seq, digest) == "it does not end where its head says"
    raw("UPDATE proofs_chainhead SET seq = 1")
    assert chain_fault("trail", 1, two) == "its head was not written by this instance"
    assert proofs_verify().fault == "a chain's head was not written by this instance"


def test_a_home_that_lost_its_note_takes_it_up_again(people, settings):
    (note,) = settings.LACHAN_HOME.glob("*.json")
    note.unlink()
    assert proofs_adopt({}) == 0
    assert note_read() == Tally.objects.get().changes
    note.unlink()
    raw("UPDATE proofs_tally SET changes = changes + 5")
    assert proofs_adopt({}) == 0
    assert note_read() is None  # not on the word of a tally that somebody else wrote


def test_it_tells_how_far_it_has_come_now_and_then():
    Organisation.objects.bulk_create([Organisation(name=f"O{n}", type="ngo") for n in range(1000)])
    told = []
    assert proofs_verify(told.append).fault == ""
    assert told == [500, 1000]


def test_it_says_of_which_kind_rows_went(people):
    raw("DELETE FROM members_person WHERE email LIKE 'p1%'")
    assert proofs_verify().fault == "rows of person were put in or taken away"


def test_a_connection_settles_before_each_commit_however_often_it_is_opened():
    class Fresh:
        alias = "another"
        done = 0

        def commit(self):
            self.done += 1

    fresh = Fresh()
    for _ in range(2):
        commits_settle(connection=fresh)
    assert fresh.commit.func is not Fresh.commit
    assert fresh.commit_unsettled.__func__ is Fresh.commit
    fresh.commit()
    assert fresh.done == 1


@pytest.fixture
def remembered():
    """The names of proved organisations, and how often they were worked out."""
    times = []

    def names():
        times.append(1)
        return [row.name for row in Organisation.objects.order_by("pk") if row_holds(row)]

    return Remembered(Organisation.objects.all, names), times


def test_it_works_out_once_what_still_stands(remembered, people):
    one, times = remembered
    assert [one.get() for _ in range(3)] == [["Before", "Hotline"]] * 3
    assert len(times) == 1
    Organisation.objects.filter(name="Before").update(name="After")
    assert one.get() == ["After", "Hotline"]
    Organisation.objects.get(name="After").delete()
    assert one.get() == ["Hotline"]
    assert len(times) == 3


def test_it_remembers_nothing_that_was_altered_since(remembered, people, settings):
    one, _ = remembered
    assert one.get() == ["Before", "Hotline"]
    with transaction.atomic():
        raw("UPDATE members_organisation SET name = 'Thief' WHERE name = 'Hotline'")
        assert one.get() == ["Before"]
        transaction.set_rollback(True)
    assert one.get() == ["Before", "Hotline"]
    settings.SECRET_KEY = "another " * 8
    assert one.get() == []  # nothing of this was written under that


def test_it_remembers_nothing_of_rows_that_change_meanwhile():
    def names():
        found = list(Organisation.objects.values_list("name", flat=True))
        if found == ["Before"]:
            Organisation.objects.create(name="Meanwhile", type="ngo")
        return found

    one = Remembered(Organisation.objects.all, names)
    assert one.get() == ["Before"]
    assert sorted(one.get()) == ["Before", "Meanwhile"]
