from django.utils.translation import gettext_lazy as _

from lachan.formats.lists.forms.hosts import NOWHERE
from lachan.formats.lists.reading import forms
from lachan.indicators.channel import Channel, Example, Notes, one_word
from lachan.indicators.records import LedgerEntry


class Hosts(Channel):
    """For hosts files; they know no subdomains, so only the names themselves are stopped."""

    name = "hosts"
    label = _("Hosts file")
    file_name = "lachan-hosts.txt"
    kinds = frozenset({"domain"})

    def head(self, notes: Notes) -> str:
        facts = {"title": "Lá Chắn", "audience": notes.audience, "sequence": str(notes.sequence)}
        return forms()["hosts"].head(facts)

    def line(self, entry: LedgerEntry) -> str:
        return f"{NOWHERE} {one_word(entry.value)}\n"

    def examples(self) -> list[Example]:
        return [Example("domain", "xau.example", f"{NOWHERE} xau.example\n")]
