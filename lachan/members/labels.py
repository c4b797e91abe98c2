"""Labels of this room's codes on pages."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .records import Role

ROLES: dict[Role, tuple[Promise | str, Promise | str]] = {
    Role.ANALYST: (_("Analyst"), _("reads reports, works on cases, proposes indicators")),
    Role.REVIEWER: (_("Reviewer"), _("is the second pair of eyes: approves or rejects")),
    Role.OFFICER: (_("Officer"), _("works on cases, reviews, answers disputes, talks to authorities")),
    Role.ADMINISTRATOR: (_("Administrator"), _("lets people in, gives roles, keeps the keys")),
    Role.TECHNICAL: (_("Technical contact"), _("makes API keys, connects systems")),
    Role.AUDITOR: (_("Auditor"), _("reads the audit trail and the members, changes nothing")),
}  # fmt: skip


def role_name(role: Role) -> str:
    return str(ROLES[role][0])


ORGANISATION_TYPES = {
    "hotline": _("Hotline"),
    "ngo": _("Non-governmental organisation"),
    "enterprise": _("Enterprise"),
    "authority": _("Authority"),
    "school": _("School"),
    "partner": _("Partner abroad"),
}
ORGANISATION_STATUSES = {"active": _("active"), "suspended": _("suspended"), "left": _("has left")}
