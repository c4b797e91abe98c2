import io
from uuid import uuid4

import pytest

from lachan.indicators import withdrawing
from lachan.indicators.records import PUBLIC_AUDIENCE, NoSuchImport
from lachan.indicators.selectors import ledger_head, ledger_verify, projection_at
from lachan.indicators.services import list_import, list_withdraw
from lachan.kernel.errors import Refused
from lachan.members.records import PUBLIC, system

pytestmark = pytest.mark.django_db
OPERATOR = system("lachan import")


def bring(*names):
    data = "\n".join(names).encode()
    return list_import(by=OPERATOR, stream=io.BytesIO(data), file_name="l", category="gambling")


def standing():
    head = ledger_head(PUBLIC_AUDIENCE)
    return {entry.value for entry in projection_at(head, PUBLIC_AUDIENCE)}


def test_it_takes_one_list_back_and_leaves_the_others(monkeypatch):
    monkeypatch.setattr(withdrawing, "_AT_ONCE", 2)
    mistaken = bring(*(f"a{number}.example" for number in range(5)))
    bring("b.example", "a1.example")
    steps = []
    assert list_withdraw(by=OPERATOR, list_import=mistaken.uid, progress=steps.append) == 5
    assert steps == [2, 2, 1]
    assert standing() == {"b.example"}
    assert ledger_verify().fault == ""
    assert list_withdraw(by=OPERATOR, list_import=mistaken.uid) == 0


def test_it_is_for_those_who_may_import(personas):
    report = bring("a.example")
    for actor in (PUBLIC, personas.analyst.actor, personas.other.reviewer.actor):
        with pytest.raises(Refused):
            list_withdraw(by=actor, list_import=report.uid)
    assert standing() == {"a.example"}


def test_it_says_when_there_is_no_such_import():
    with pytest.raises(NoSuchImport):
        list_withdraw(by=OPERATOR, list_import=uuid4())
