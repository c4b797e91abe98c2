import re

import pytest
from click.testing import CliRunner

from lachan.cli.main import cli
from lachan.members.entry.invitations import invitation_accept
from lachan.members.errors import InvitationWaits
from lachan.members.models import Confirmation, Person, RoleGrant
from lachan.members.records import Role
from lachan.members.selectors import actor_for
from lachan.members.services import (
    confirmation_give,
    desk_keys_withdraw,
    first_link,
    recovery_split,
)

pytestmark = pytest.mark.django_db


def run(*arguments, text=""):
    return CliRunner().invoke(cli, arguments, input=text)


@pytest.fixture(autouse=True)
def _ready(monkeypatch):
    # The schema is the test's own: no second migration inside its transaction.
    for name in ("admin_link", "recover"):
        monkeypatch.setattr(f"lachan.cli.commands.{name}.django_ready", lambda: None)


def test_it_gives_the_first_link_with_the_key():
    result = run("admin-link", "--base", "https://desk.example/")
    assert re.fullmatch(r"https://desk\.example/staff/join/[\w-]{43}/\n", result.output)


def test_it_gives_a_link_without_the_key_later(personas):
    personas.administrator.person.grants.all().delete()
    RoleGrant.objects.create(person=personas.with_roles().person, role="administrator")
    Person.objects.filter(grants__role="administrator").update(public_key="")  # not joined yet
    result = run("admin-link")
    assert "carries no copy" in result.output
    assert "It opens when" not in result.output
    token = re.search(r"join/([\w-]+)/", result.output)[1]
    joined = invitation_accept(
        token=token, password="four-invented-words-here", email="n@home.example", name="N"
    )
    assert actor_for(joined.person).roles == {Role.ADMINISTRATOR}
    assert not joined.person.wraps.exists()
    assert first_link() is None


def test_it_brings_back_who_lost_the_password(personas):
    email = personas.analyst.person.email
    token = re.search(r"join/([\w-]+)/", run("admin-link", "--email", email).output)[1]
    with pytest.raises(InvitationWaits):
        invitation_accept(token=token, password="four-invented-words-here")
    confirmation_give(by=personas.administrator.actor, confirmation=Confirmation.objects.get())
    joined = invitation_accept(token=token, password="four-invented-words-here")
    assert joined.person == personas.analyst.person
    assert not joined.person.wraps.exists()
    assert actor_for(joined.person).roles == {Role.ANALYST}
    assert run("admin-link", "--email", "no@body.example").exit_code != 0


def test_it_recovers_from_typed_and_from_filed_shares(personas, tmp_path):
    boss, lost = personas.administrator, personas.analyst
    shares = recovery_split(
        by=boss.actor, unlocked=boss.unlocked, organisation=personas.organisation, needed=2, total=3
    )
    desk_keys_withdraw(by=boss.actor, person=lost.person)
    typed = f"{shares[0]}\nnonsense\n{shares[2].lower()}\n"
    result = run("recover", "--email", lost.person.email, text=typed)
    assert result.exit_code == 0, result.output
    assert lost.person.wraps.exists()
    assert shares[0] not in result.output
    desk_keys_withdraw(by=boss.actor, person=lost.person)
    paths = []
    for number, share in enumerate(shares[:2]):
        paths.append(tmp_path / f"{number}.txt")
        paths[-1].write_text(share)
    result = run("recover", "--email", lost.person.email, *map(str, paths))
    assert result.exit_code == 0, result.output
    result = run("recover", "--email", lost.person.email, str(paths[0]))
    assert result.exit_code == 1
    assert "shares-unusable" in result.output
