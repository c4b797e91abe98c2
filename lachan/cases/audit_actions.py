from django.utils.translation import gettext_lazy as _

from lachan.members.records import AuditAction


class CaseAudit(AuditAction):
    CASE_CLAIMED = "case.claimed", _("claimed a case")
    CASE_CLOSE = "case.close", _("closed a case")
    CASE_FREED = "case.freed", _("put a case back whose holder can no longer work on it")
    CASE_HANDED_OVER = "case.handed_over", _("handed a case over")
    CASE_REFERRED = "case.referred", _("referred a case to another organisation")
    CASE_RELEASED = "case.released", _("gave a case back")
