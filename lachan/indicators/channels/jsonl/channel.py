from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from lachan.indicators.channel import Channel, Example
from lachan.indicators.records import LedgerEntry
from lachan.indicators.ways.get import Get


class JsonLines(Channel):
    """Every kind with all that may be told, one JSON object a line; a delta's lines say their effect."""

    name = "jsonl"
    label = _("JSON lines, with category and provenance")
    content_type = "application/jsonl"
    file_name = "lachan.jsonl"
    way = Get()
    version = 2
    tells_firsts = True

    def facts(self, entry: LedgerEntry) -> Mapping[str, Any]:
        return {
            "category": entry.category,
            "confidence": entry.confidence,
            "tlp": entry.tlp,
            "indicator": entry.uid,
            "source": entry.source,
            "organisation": entry.organisation,
            "first_published": entry.first_published,
            "published": entry.at,
            "valid_from": entry.valid_from,
            "valid_until": entry.valid_until,
            "sequence": entry.seq,
        }

    def examples(self) -> list[Example]:
        return [Example("domain", "xau.example"), Example("phone", "+84912345678")]
