"""Who may do what in a household. Nobody of staff may do any of it."""

from lachan.members.policy import PolicyAction, policy_rows


class Action(PolicyAction):
    HOUSEHOLD_READ = "household.read"
    HOUSEHOLD_MANAGE = "household.manage"
    CHILD_MANAGE = "child.manage"
    DEVICE_MANAGE = "device.manage"
    ASK_ANSWER = "ask.answer"
    ASK_MAKE = "ask.make"
    OWN_READ = "own.read"


policy_rows(
    Action,
    """
                    adult  child
household.read      own    -
household.manage    own    -
child.manage        own    -
device.manage       own    -
ask.answer          own    -
ask.make            -      own
own.read            -      own
""",
)
