"""Advice for the public: what to do now, in words a twelve-year-old understands."""

from django.utils.translation import gettext as _

from lachan.country.help_lines import help_number

from .records import CheckAnswer


def advice_for(answer: CheckAnswer) -> str:
    """One or two sentences; calm, and with somebody to turn to."""
    if answer.action == "block":
        if number := help_number("talk"):
            return _(
                "Do not open it, do not answer and do not pay. If it was sent to you, keep the message and tell "
                "an adult you trust, or call %(number)s."
            ) % {"number": number}
        return _(
            "Do not open it, do not answer and do not pay. If it was sent to you, keep the message and tell an "
            "adult you trust."
        )
    if answer.action == "warn":
        return _(
            "Be careful: others have had trouble with it. Ask an adult you trust before you go on."
        )
    return _(
        "Nothing bad is known about it so far. That is no promise: if something feels wrong, stop and ask "
        "an adult you trust."
    )
