"""What to do now, in words a twelve-year-old understands."""

from django.utils.translation import gettext as _

from .records import CheckAnswer


def advice_for(answer: CheckAnswer) -> str:
    """One or two sentences; calm, and with somebody to turn to."""
    if answer.action == "block":
        return _(
            "Do not open it, do not answer and do not pay. If it was sent to you, keep the message and tell an "
            "adult you trust, or call 111."
        )
    if answer.action == "warn":
        return _(
            "Be careful: others have had trouble with it. Ask an adult you trust before you go on."
        )
    return _(
        "Nothing bad is known about it so far. That is no promise: if something feels wrong, stop and ask "
        "an adult you trust."
    )
