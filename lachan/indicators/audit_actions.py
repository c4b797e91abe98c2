from django.utils.translation import gettext_lazy as _

from lachan.members.records import AuditAction


class IndicatorAudit(AuditAction):
    DISPUTE_ANSWER = "dispute.answer", _("answered a dispute")
    GUARD_UPDATE = "guard.update", _("took in a list of well-known sites")
    INDICATOR_EXPIRE = "indicator.expire", _("indicators ended by themselves")
    INDICATOR_PROPOSE = "indicator.propose", _("proposed an indicator")
    INDICATOR_RESHARE = "indicator.reshare", _("changed who may know an indicator")
    INDICATOR_REVIEW = "indicator.review", _("reviewed an indicator")
    INDICATOR_WITHDRAW = "indicator.withdraw", _("took an indicator off the list")
    LIST_IMPORT = "list.import", _("imported a list")
    LIST_WITHDRAW = "list.withdraw", _("took an imported list back")
