from django.utils.translation import gettext_lazy as _

from lachan.formats.lists.forms.plain import Plain as Form
from lachan.indicators.channel import Channel, Example, Notes, one_word
from lachan.indicators.records import LedgerEntry

_FORM = Form()


class Plain(Channel):
    """One value a line; domains, unless others are asked for, so that a resolver can read it.

    Where a value alone would be read as something else, its kind stands before it: `pdq:…`.
    """

    name = "plain"
    label = _("Plain list, one value a line")
    file_name = "lachan.txt"
    usual_kinds = frozenset({"domain"})
    version = 2

    def head(self, notes: Notes) -> str:
        facts = {"title": "Lá Chắn", "audience": notes.audience, "sequence": str(notes.sequence)}
        return _FORM.head(facts)

    def line(self, entry: LedgerEntry) -> str:
        return _FORM.line(entry.kind, one_word(entry.value), {})

    def examples(self) -> list[Example]:
        return [
            Example("domain", "xau.example", "xau.example\n"),
            Example("url", "https://xau.example/a", "https://xau.example/a\n"),
            Example("pdq", "5a" * 32, f"pdq:{'5a' * 32}\n"),
        ]
