"""Real things of the home organisation, for the walk in tests/architecture."""

from datetime import timedelta

from lachan.kernel.clock import now
from lachan.members.models import Confirmation, Invitation, Programme
from lachan.members.records import Role
from lachan.members.services import api_key_create, invitation_create, role_grant
from lachan.shield.policy import Action


def samples(personas):
    boss, home = personas.administrator, personas.organisation
    record = invitation_create(
        by=boss.actor, unlocked=None, organisation=home, roles=[Role.AUDITOR],
        email="walk@home.example", name="W",
    )  # fmt: skip
    key, _text = api_key_create(
        by=boss.actor, organisation=home, name="walk", scopes=[Action.CHECK], life=timedelta(1)
    )
    role_grant(by=boss.actor, person=personas.technical.person, role=Role.ANALYST)
    waits = {"uid": Confirmation.objects.get().uid}
    programme = Programme.objects.create(name="Walk", valid_from=now().date())
    someone = {"uid": personas.auditor.person.uid}
    return {
        "organisation-edit": {"uid": home.uid},
        "organisation": {"uid": home.uid},
        "invite": {"uid": home.uid},
        "join": {"token": record.path.strip("/").rpartition("/")[2]},
        "invitation-end": {"uid": Invitation.objects.get(uid=record.uid).uid},
        "person": someone,
        "role-grant": someone,
        "role-revoke": someone,
        "give-key": someone,
        "give-return": someone,
        "deactivate": someone,
        "programme": {"uid": programme.uid},
        "api-key-end": {"uid": key.uid},
        "confirmation-give": waits,
        "confirmation-stop": waits,
    }
