from django.utils.translation import gettext_lazy as _

from lachan.members.records import AuditAction


class MatchAudit(AuditAction):
    MATCH_LOOKUP = "match.lookup", _("looked fingerprints up")
