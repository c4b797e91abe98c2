"""The first start: an organisation without people, whose reports must be sealed all the same.

The desk key is made at once and its private half locked under the link's token. The token rests in one
file that only the owner of LACHAN_HOME can read, so that a link that was lost can be replaced without
losing what children have sent meanwhile. Whoever reads both that file and the database before the first
administrator has joined can read those reports: so joining deletes the file and makes a fresh desk key.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from lachan.kernel.sealing.errors import LockHeld
from lachan.kernel.sealing.locks import unlock_with
from lachan.members.audit import audit_record
from lachan.members.audit_actions import MemberAudit
from lachan.members.keys.desk_keys import desk_key_make
from lachan.members.models import DeskKey, Invitation, Organisation, RoleGrant
from lachan.members.records import Role, system
from lachan.members.selectors import organisation_home

from .first_token import token_keep, token_path
from .invitations import invitation_make, token_bytes


def administrator_exists() -> bool:
    """Whether somebody who can let people in has joined the home organisation."""
    grants = RoleGrant.objects.standing().filter(role=Role.ADMINISTRATOR)
    return grants.filter(person__organisation__is_home=True, person__is_active=True).exists()


@transaction.atomic
def first_link() -> str | None:
    """The path of a one-time link for the first administrator; None when one has joined.

    An earlier link that nobody used stops working. The desk key it could open is carried over.
    """
    if administrator_exists():
        return None
    by = system("first-link")
    home = organisation_home() or Organisation.objects.create(
        name=_("Our organisation"), type=Organisation.Type.HOTLINE, is_home=True
    )
    held = _carried(home)
    if not DeskKey.objects.filter(pk__in=held, valid_until=None).exists():
        # None yet, or the token is lost and with it the key: new reports get a key that can be opened.
        row, private = desk_key_make(home)
        held[row.pk] = private
    Invitation.objects.filter(organisation=home, is_first=True, used_at=None).delete()
    record = invitation_make(
        by=by, organisation=home, roles=[Role.ADMINISTRATOR], held=held, is_first=True
    )
    token_keep(record.path.rstrip("/").rsplit("/", 1)[-1])
    audit_record(by=by, action=MemberAudit.INVITATION_MAKE, target=f"invitation:{record.uid}")
    return record.path


def _carried(home: Organisation) -> dict[int, str]:
    """The desk keys that the earlier link could open."""
    try:
        token = token_path().read_text(encoding="ascii").strip()
    except OSError:
        return {}
    earlier = Invitation.objects.filter(organisation=home, is_first=True, used_at=None).last()
    if earlier is None:
        return {}
    try:
        return {
            wrap.desk_key_id: unlock_with(bytes(wrap.sealed), secret=token_bytes(token))
            for wrap in earlier.wraps.order_by("desk_key_id")
        }
    except LockHeld:
        return {}
