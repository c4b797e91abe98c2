from django.utils.translation import gettext_lazy as _

from lachan.members.records import AuditAction


class ReportAudit(AuditAction):
    REPORT_ANSWER = "report.answer", _("answered a report")
    REPORT_CLOSE = "report.close", _("closed a report")
    REPORT_HOLD = "report.hold", _("held a report back")
    REPORT_OPEN = "report.open", _("opened a report")
    REPORT_PURGE = "report.purge", _("deleted a report after its time")
    REPORT_RELEASE = "report.release", _("let a held report go")
    REPORT_REOPEN = "report.reopen", _("opened a report's case again")
