import pytest

from lachan.members.keys.desk_keys import desk_key_make
from lachan.members.models import Organisation
from lachan.members.records import PUBLIC, Actor, ActorKind, Role
from lachan.reports import arrivals, services
from lachan.reports.records import ReportContent, Urgency


class DeskKeys:
    """The receiving organisation's keys, with the private halves that only its people unlock."""

    def __init__(self, organisation):
        self.organisation = organisation
        self.keys = {}
        self.rotate()

    def rotate(self):
        row, private = desk_key_make(self.organisation)
        self.keys[row.uid] = private


@pytest.fixture(autouse=True)
def _calm():
    arrivals.forget()


@pytest.fixture
def hotline(db):
    return Organisation.objects.create(name="Đường dây mẫu", type="hotline", is_home=True)


@pytest.fixture
def desk_key(hotline):
    return DeskKeys(hotline)


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
def submit(desk_key):
    """Hand in a report as a child would: `submit(words="…")`."""

    def submit(**changes):
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
