from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from lachan.members.keys.desk_keys import HOLDER_ROLES, holds_all
from lachan.members.labels import role_name
from lachan.members.policy import Action, requires
from lachan.web.menu import menu_list
from lachan.web.start_cards import start_card_list


@require_GET
@requires(Action.ACCOUNT_SELF)
def start(request: HttpRequest) -> HttpResponse:
    """What waits for this person, and the doors that are open to them."""
    context = {
        "doors": [entry for entry in menu_list(request.actor) if entry.help],
        "waiting": start_card_list(request.actor),
        "roles": [role_name(role) for role in sorted(request.actor.roles)],
        "lacks_desk_key": bool(request.actor.roles & HOLDER_ROLES) and not holds_all(request.user),
    }
    return render(request, "members/start.html", context)
