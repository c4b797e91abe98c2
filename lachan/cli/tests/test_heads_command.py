import pytest
from click.testing import CliRunner

from lachan.cli.main import cli
from lachan.indicators.services import indicator_propose, indicator_review
from tests.flushing import triggers_aside


def heads(*options, given=""):
    return CliRunner().invoke(cli, ["heads", *options], input=given)


@pytest.fixture
def published(personas):
    for value in ("one.example", "two.example"):
        found = indicator_propose(by=personas.analyst.actor, value=value, category="scam")
        indicator_review(by=personas.reviewer.actor, indicator=found.uid, decision="approve")


def test_it_notes_lines_that_later_ones_leave_standing(published, personas):
    noted = heads().output
    assert [line.split()[0] for line in noted.splitlines()] == ["trail", "ledger"]
    found = indicator_propose(by=personas.analyst.actor, value="three.example", category="scam")
    indicator_review(by=personas.reviewer.actor, indicator=found.uid, decision="approve")
    done = heads("--check", "-", given=noted + heads().output)
    assert (done.exit_code, done.output) == (0, "4 of 4 still stand\n")


def test_it_names_what_is_gone(published):
    from django.db import connection

    noted = heads().output
    with triggers_aside(connection), connection.cursor() as cursor:
        cursor.execute("DELETE FROM indicators_ledgerrow WHERE seq = 2")
    done = heads("--check", "-", given=noted)
    assert done.exit_code == 2
    assert "ledger 2 is gone or altered" in done.output


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["", "\n", "ledger", "ledger one 00", "a b c d"])
def test_it_refuses_what_is_no_note(given):
    done = heads("--check", "-", given=given)
    assert done.exit_code == 1
    assert "noted" in done.output
