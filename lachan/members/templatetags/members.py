from django import template
from django.utils.functional import Promise

from lachan.members.labels import ROLES

register = template.Library()


@register.simple_tag
def role_words() -> list[tuple[Promise | str, Promise | str]]:
    """Each role's name and what it may do."""
    return list(ROLES.values())
