import msgspec
from django.utils.translation import gettext_lazy as _

from lachan.indicators.channel import Channel, Example, one_word
from lachan.indicators.records import LedgerEntry

_encode = msgspec.json.Encoder().encode


class JsonLines(Channel):
    """Every kind with all that may be told, one JSON object a line; a delta's lines say their effect."""

    name = "jsonl"
    label = _("JSON lines, with category and provenance")
    content_type = "application/jsonl"
    file_name = "lachan.jsonl"

    def line(self, entry: LedgerEntry) -> str:
        return self._object(entry, {})

    def change(self, entry: LedgerEntry) -> str:
        return self._object(entry, {"effect": entry.effect.value})

    def _object(self, entry: LedgerEntry, more: dict[str, str]) -> str:
        one_word(entry.value)
        facts = {
            "kind": entry.kind,
            "value": entry.value,
            "category": entry.category,
            "confidence": entry.confidence,
            "tlp": entry.tlp,
            "indicator": str(entry.uid),
            "source": entry.source,
            "organisation": str(entry.organisation) if entry.organisation else None,
            "published": entry.at,
            "valid_until": entry.valid_until,
            "sequence": entry.seq,
        }
        return _encode(facts | more).decode() + "\n"

    def examples(self) -> list[Example]:
        return [Example("domain", "xau.example", '{"kind":"domain","value":"xau.example",')]
