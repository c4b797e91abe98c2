import threading

import pytest
from django.db import DatabaseError, connection, transaction

from lachan.members.models import AuditEntry
from lachan.members.records import system
from lachan.members.services import audit_head_keep, audit_record, audit_verify

BY = system("test")


@pytest.fixture(autouse=True)
def _no_witness(settings, tmp_path):
    settings.LACHAN_HOME = tmp_path


def write(count):
    for number in range(count):
        audit_record(by=BY, action="thing.do", target=f"thing:{number}", detail={"n": number})


def raw(sql):
    """What somebody with the database in hand could do: past the triggers."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
        else:
            cursor.execute("DROP TRIGGER IF EXISTS members_auditentry_no_UPDATE")
            cursor.execute("DROP TRIGGER IF EXISTS members_auditentry_no_DELETE")
        cursor.execute(sql)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    ["UPDATE members_auditentry SET action = 'other'", "DELETE FROM members_auditentry"],
)
def test_it_refuses_every_change(sql):
    write(3)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.all().delete()
    assert audit_verify().lines == 3


@pytest.mark.django_db
def test_it_is_sound_when_nobody_touched_it():
    write(5)
    check = audit_verify()
    assert (check.lines, check.broken_at) == (5, None)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sql", "broken_at"),
    [
        ("UPDATE members_auditentry SET action = 'other' WHERE seq = 3", 3),
        ("UPDATE members_auditentry SET detail = '{}' WHERE seq = 2", 2),
        ("DELETE FROM members_auditentry WHERE seq = 4", 4),
        ("DELETE FROM members_auditentry WHERE seq = 1", 1),
    ],
)
def test_it_finds_what_was_altered(sql, broken_at):
    write(5)
    raw(sql)
    assert audit_verify().broken_at == broken_at


@pytest.mark.django_db
def test_it_finds_an_end_that_was_cut_off():
    write(5)
    audit_head_keep()
    raw("DELETE FROM members_auditentry WHERE seq > 3")
    assert audit_verify().broken_at == 4


@pytest.mark.django_db
def test_it_finds_a_trail_that_was_written_anew():
    write(2)
    audit_head_keep()
    raw("DELETE FROM members_auditentry")
    write(3)
    assert audit_verify().broken_at == 2


@pytest.mark.django_db
def test_it_keeps_its_note_while_the_noted_line_is_gone(caplog):
    write(4)
    audit_head_keep()
    raw("DELETE FROM members_auditentry WHERE seq > 2")
    write(5)
    audit_head_keep()
    assert "no longer holds the line" in caplog.text
    assert audit_verify().broken_at == 4


@pytest.mark.django_db
def test_it_reads_a_long_trail_in_pieces(django_assert_num_queries):
    write(20)
    with django_assert_num_queries(2):  # the lines, and where the chain's head says that it ends
        audit_verify()


@pytest.mark.django_db(transaction=True)
def test_it_gives_each_line_its_number_when_many_write():
    def work():
        write(5)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert audit_verify().lines == 20
