from typing import Any

from django import template
from django.middleware.csrf import get_token
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from lachan.web.sent import NUMBER, OWNER, SEEN, number_new, owner_mark

register = template.Library()


@register.simple_tag(takes_context=True)
def form_marks(context: dict[str, Any]) -> SafeString:
    """Stands in a form in place of `csrf_token`: that, the form's number, its owner's mark, and `seen`, the
    mark of the state that the page shows (`kernel/seen`), where the view gives one.
    """
    request = context["request"]
    marks = {NUMBER: number_new(), OWNER: owner_mark(request), SEEN: context.get("seen", "")}
    hidden = '<input type="hidden" name="{}" value="{}">'
    return format_html(
        "{}{}",
        format_html(hidden, "csrfmiddlewaretoken", get_token(request)),
        format_html_join("", hidden, ((name, value) for name, value in marks.items() if value)),
    )
