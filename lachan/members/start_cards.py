"""Cards of members on the start page, for administrators: people who cannot work yet, and shares to print."""

from django.utils.translation import gettext as _

from lachan.web.start_cards import StartCard, start_card

from .confirmations import confirmation_list
from .keys.desk_keys import holder_list, holds_all
from .models import DeskKeyWrap, Organisation, RoleGrant
from .policy import Action, policy_allows
from .records import Actor, Role
from .selectors import organisation_home


@start_card(order=50)
def roles_to_fill(actor: Actor) -> StartCard | None:
    """The loop needs one who reads and another who reviews: what is missing, until somebody holds it."""
    home = organisation_home()
    if home is None or not policy_allows(actor, Action.MEMBER_MANAGE, organisation_id=home.pk):
        return None
    grants = RoleGrant.objects.standing()
    grants = grants.filter(person__organisation=home, person__is_active=True)
    held = set(grants.values_list("role", flat=True))
    missing = [role for role in (Role.ANALYST, Role.REVIEWER) if role not in held]
    return StartCard(
        title=_("People to invite"),
        url=f"/staff/members/{home.uid}/invite/",
        count=len(missing),
        note=_("An analyst reads reports; a reviewer, somebody else, approves what is blocked."),
        empty=_("There is an analyst and a reviewer."),
        urgent=True,
    )


@start_card(order=5)
def powers_waiting(actor: Actor) -> StartCard | None:
    """The notice of what one administrator asked for: to all administrators and to whom it concerns."""
    rows = confirmation_list(actor)
    if not rows:
        return None
    mine = any(row.person_id == actor.person_id for row in rows)
    return StartCard(
        title=_("Powers that wait for a second yes"),
        url="/staff/members/confirmations/",
        count=len(rows),
        note=_("One is about your own account: look at it today.")
        if mine
        else _("Agree, or stop it: after a day it holds by itself."),
        urgent=True,
    )


def _desk_managed(actor: Actor) -> Organisation | None:
    """The actor's own organisation, where it keeps a desk and the actor gives copies of its key."""
    own = Organisation.objects.filter(pk=actor.organisation_id, desk_keys__isnull=False).first()
    if own is None or not policy_allows(actor, Action.MEMBER_MANAGE, organisation_id=own.pk):
        return None
    return own


@start_card(order=60)
def people_without_key(actor: Actor) -> StartCard | None:
    own = _desk_managed(actor)
    if own is None:
        return None
    return StartCard(
        title=_("People without the desk's key"),
        url="/staff/members/desk-key/",
        count=sum(not holds_all(person) for person in holder_list(own)),
        note=_("They cannot open sealed reports."),
        empty=_("Everybody who reads reports holds a copy."),
    )


@start_card(order=61)
def shares_to_print(actor: Actor) -> StartCard | None:
    own = _desk_managed(actor)
    if own is None:
        return None
    printed = DeskKeyWrap.objects.filter(recovery__organisation=own).exists()
    return StartCard(
        title=_("Recovery shares to print"),
        url="/staff/members/desk-key/",
        count=int(not printed),
        note=_("Without them, lost passwords mean lost reports."),
        empty=_("Shares are printed and given out."),
        urgent=True,
    )
