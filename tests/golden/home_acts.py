"""An upgraded golden home is worked in."""

from tests.golden.home_held import PAPERS, browser, differs, someone


def acts() -> list[str]:
    """What stands there from before is worked on."""
    from lachan.cases.models import Case, CaseLink
    from lachan.cases.services.linking import link_undo
    from lachan.cases.services.working import case_reopen
    from lachan.indicators.models import Dispute, Indicator, ListImport
    from lachan.indicators.services import (
        dispute_answer,
        indicator_review,
        indicator_withdraw,
        list_withdraw,
    )
    from lachan.members.models import RoleGrant
    from lachan.members.records import Role
    from lachan.members.services import desk_key_rotate, role_revoke

    analyst, reviewer, chief = (someone(n).actor for n in ("analyst", "reviewer", "chief"))
    link_undo(by=analyst, uid=CaseLink.objects.get(kind="duplicate").uid)
    case_reopen(by=analyst, uid=Case.objects.get(uid=PAPERS["reports"]["done"]["case"]).uid)
    for row in Dispute.objects.filter(outcome=""):
        dispute_answer(by=reviewer, dispute=row.uid, outcome="withdrawn", answer="Đã xem")
    indicator_review(
        by=reviewer, indicator=Indicator.objects.get(value="cho.example").uid, decision="approve"
    )
    for value in ("cam.example", "rieng.example"):
        for row in Indicator.objects.filter(value=value, status="published"):
            indicator_withdraw(by=reviewer, indicator=row.uid, reason="Thôi")
    gone = [list_withdraw(by=reviewer, list_import=row.uid) for row in ListImport.objects.all()]
    grant = RoleGrant.objects.standing().get(role="auditor", person__email="auditor@desk.example")
    role_revoke(by=chief, person=grant.person, role=Role.AUDITOR)
    desk_key_rotate(by=chief, organisation=someone("chief").person.organisation)
    return differs("withdrawn of imports", sorted(gone), [0, 3])


def goes_on() -> list[str]:
    """A report, its case, an indicator, a list."""
    from lachan.cases.models import Case
    from lachan.cases.services.claiming import case_claim
    from lachan.indicators.services import indicator_propose, indicator_review
    from lachan.members.records import PUBLIC
    from lachan.outbox.services import Lane
    from lachan.reports.records import ReportContent, Urgency
    from lachan.reports.services import form_new, report_submit

    analyst, reviewer = someone("analyst").actor, someone("reviewer").actor
    sent = report_submit(
        by=PUBLIC, form=form_new(), category="other", urgency=Urgency.CALM, province="25",
        language="vi", content=ReportContent(words="Sau khi nâng cấp"),
    )  # fmt: skip
    Lane().drain()
    case = Case.objects.get(report_uid=sent.report).uid
    case_claim(by=analyst, uid=case)
    made = indicator_propose(by=analyst, value="moi.example", category="scam", case_uid=case)
    indicator_review(by=reviewer, indicator=made.uid, decision="approve")
    Lane().drain()
    listed = browser().get("/v1/lists/plain").getvalue().decode().splitlines()
    return differs("listed", "moi.example" in listed, True)
