from django.forms import Form
from django.utils.translation import gettext as _


def stale_add(form: Form) -> None:
    """Say on a form what somebody else changed since its page was made, beside what was typed."""
    changed = [field for field in form if field.name in form.changed_data]
    form.add_error(
        None,
        _(
            "Somebody changed this since you opened it. Save once more to put your words in its place."
        ),
    )
    for field in changed:
        stands = field.initial
        if isinstance(stands, list):
            stands = ", ".join(map(str, stands))
        choices = dict(getattr(field.field, "choices", ()))
        words = choices.get(stands, stands) or "–"
        form.add_error(field.name, _("What stands there now: %(words)s") % {"words": words})
