import uuid

import pytest

from lachan.kernel.sealing.envelope import keypair_new
from lachan.members import selectors as members
from lachan.members.models import Organisation
from lachan.members.records import Actor, ActorKind, Role
from lachan.reports import arrivals, services
from lachan.reports.records import ReportContent, Urgency


class Desk:
    """The receiving organisation's key, with the private half that only its people unlock."""

    def __init__(self, organisation):
        pair = keypair_new()
        self.uid, self.public, self.private = uuid.uuid4(), pair.public, pair.private
        self.organisation_id = organisation.pk

    @property
    def keys(self):
        return {self.uid: self.private}


@pytest.fixture(autouse=True)
def _calm():
    arrivals.forget()


@pytest.fixture
def hotline(db):
    return Organisation.objects.create(name="Đường dây mẫu", type="hotline")


@pytest.fixture
def desk(hotline, monkeypatch):
    desk = Desk(hotline)
    monkeypatch.setattr(members, "desk_key_current", lambda: desk, raising=False)
    return desk


@pytest.fixture
def analyst(hotline):
    return Actor(
        kind=ActorKind.PERSON,
        person_id=1,
        organisation_id=hotline.pk,
        roles=frozenset({Role.ANALYST}),
        label="an-analyst",
    )


@pytest.fixture
def stranger(db):
    other = Organisation.objects.create(name="Tổ chức khác", type="ngo")
    return Actor(
        kind=ActorKind.PERSON,
        person_id=2,
        organisation_id=other.pk,
        roles=frozenset({Role.ANALYST}),
        label="a-stranger",
    )


@pytest.fixture
def submit(desk):
    """Hand in a report as a child would: `submit(words="…")`."""

    def submit(**changes):
        from lachan.members.records import PUBLIC

        content = ReportContent(
            **{k: changes.pop(k) for k in ("words", "traces", "contact", "about") if k in changes}
        )
        facts = {
            "by": PUBLIC,
            "form": services.form_new(),
            "category": "conduct.aggressive",
            "urgency": Urgency.SOON,
            "province": "25",
            "language": "vi",
            "content": content,
        }
        return services.report_submit(**(facts | changes))

    return submit
