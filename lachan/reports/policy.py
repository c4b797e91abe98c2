"""Who may do what with reports, and with the cases that they become."""

from lachan.members.policy import PolicyAction, policy_rows


class Action(PolicyAction):
    CASE_WORK = "case.work"
    REPORT_ANSWER = "report.answer"
    REPORT_RELEASE = "report.release"


policy_rows(
    Action,
    """
                    analyst  reviewer  officer  administrator  technical  auditor  none  key  public
case.work           own      -         own      -              -          -        -     -    -
report.answer       own      -         own      -              -          -        -     -    -
report.release      own      -         own      -              -          -        -     -    -
""",
)
