from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from lachan.indicators.channel import TITLE, Channel, Example, Notes
from lachan.indicators.ways.get import Get


class Adblock(Channel):
    """For uBlock Origin, AdGuard and their like: a name and everything below it."""

    name = "adblock"
    label = _("Ad blocker rules")
    file_name = "lachan-adblock.txt"
    way = Get()

    def notes(self, notes: Notes) -> Mapping[str, str]:
        # These words blockers read: they show the title, and compare the version.
        return {"Title": TITLE, "Audience": notes.audience, "Version": str(notes.sequence)}

    def examples(self) -> list[Example]:
        return [Example("domain", "xau.example")]
