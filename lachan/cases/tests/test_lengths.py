import re

import pytest

from lachan.cases.models import CaseNote
from lachan.cases.services.claiming import case_claim
from lachan.cases.services.notes import LONGEST, note_read

pytestmark = pytest.mark.django_db
ACTS = {"note": {}, "priority": {"priority": "77"}}


@pytest.mark.parametrize("act", ACTS)
def test_it_counts_words_as_they_were_typed(case, personas, keys, act):
    row, client = case(words="chuyện ở lớp"), personas.analyst.client()
    case_claim(by=personas.analyst.actor, uid=row.uid)
    at = f"/staff/cases/{row.uid}/"
    fields = re.findall(r'<textarea[^>]*name="words"[^>]*>', client.get(at).content.decode())
    assert {re.search(r'maxlength="(\d+)"', field)[1] for field in fields} == {str(LONGEST)}
    typed = ("một dòng\n" * LONGEST)[: LONGEST - 1] + "."
    sent = typed.replace("\n", "\r\n")
    assert client.post(f"{at}{act}/", ACTS[act] | {"words": sent}).status_code == 302
    assert client.post(f"{at}{act}/", ACTS[act] | {"words": sent + "."}).status_code == 422
    assert [note_read(note, keys.values()) for note in CaseNote.objects.all()] == [typed]
