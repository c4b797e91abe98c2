"""Who may do what in a household. Nobody of staff may do any of it."""

from lachan.members.policy import PolicyAction, policy_rows


class Action(PolicyAction):
    HOUSEHOLD_READ = "household.read"
    HOUSEHOLD_MANAGE = "household.manage"
    ADULT_SELF = "adult.self"
    CHILD_MANAGE = "child.manage"
    DEVICE_MANAGE = "device.manage"
    CLASS_TEACH = "class.teach"
    ASK_ANSWER = "ask.answer"
    ASK_MAKE = "ask.make"
    OWN_READ = "own.read"


# A teacher reaches the classes that were given to her (`teaching.py`), and nothing of the others.
policy_rows(
    Action,
    """
                    adult  teacher  child
household.read      own    own      -
household.manage    own    -        -
adult.self          own    own      -
child.manage        own    -        -
device.manage       own    -        -
class.teach         own    own      -
ask.answer          own    own      -
ask.make            -      -        own
own.read            -      -        own
""",
)
