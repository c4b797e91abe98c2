from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language

from lachan.country.help_lines import help_line_list, said

from .policy import action_list, policy_allows
from .records import PUBLIC


def people_and_lines(request: HttpRequest) -> dict[str, Any]:
    """For every page: who acts, what the person may do (`may.case_read`), and the numbers to call."""
    actor = getattr(request, "actor", PUBLIC)
    language = get_language() or ""
    return {
        "actor": actor,
        "may": {a.name.lower(): policy_allows(actor, a) for a in action_list()}
        if actor.person_id
        else {},
        "help_lines": [
            {
                "number": line.number,
                "name": said(line.name, language),
                "note": said(line.note, language),
                "full": said(line.full, language),
            }
            for line in help_line_list()
        ],
    }
