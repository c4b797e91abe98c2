from django.utils.translation import gettext_lazy as _

from lachan.formats.lists.reading import forms
from lachan.indicators.channel import BadRecord, Channel, Example, Notes, one_word
from lachan.indicators.records import LedgerEntry


class Adblock(Channel):
    """For uBlock Origin, AdGuard and their like: a name and everything below it."""

    name = "adblock"
    label = _("Ad blocker rules")
    file_name = "lachan-adblock.txt"
    kinds = frozenset({"domain"})

    def head(self, notes: Notes) -> str:
        facts = {"Title": "Lá Chắn", "Audience": notes.audience, "Version": str(notes.sequence)}
        return forms()["adblock"].head(facts)

    def line(self, entry: LedgerEntry) -> str:
        name = one_word(entry.value)
        # A stray sign of the rules' own language would turn one name into another rule.
        if any(sign in name for sign in "^$|*/@#,"):
            raise BadRecord
        return f"||{name}^\n"

    def examples(self) -> list[Example]:
        return [Example("domain", "xau.example", "||xau.example^\n")]
