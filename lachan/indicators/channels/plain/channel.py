from django.utils.translation import gettext_lazy as _

from lachan.formats.lists.reading import forms
from lachan.indicators.channel import Channel, Example, Notes, one_word
from lachan.indicators.records import LedgerEntry


class Plain(Channel):
    """One value a line; domains, unless others are asked for, so that a resolver can read it."""

    name = "plain"
    label = _("Plain list, one value a line")
    file_name = "lachan.txt"
    usual_kinds = frozenset({"domain"})

    def head(self, notes: Notes) -> str:
        facts = {"title": "Lá Chắn", "audience": notes.audience, "sequence": str(notes.sequence)}
        return forms()["plain"].head(facts)

    def line(self, entry: LedgerEntry) -> str:
        return f"{one_word(entry.value)}\n"

    def examples(self) -> list[Example]:
        return [
            Example("domain", "xau.example", "xau.example\n"),
            Example("url", "https://xau.example/a", "https://xau.example/a\n"),
        ]
