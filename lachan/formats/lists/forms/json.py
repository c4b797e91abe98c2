"""One JSON document: an array of values or objects, or an object that holds one, on one line or on many."""

import re
from collections.abc import Iterable, Iterator

from lachan.formats.lists.documents import NOTHING, broken_values, document, document_values
from lachan.formats.lists.form import Example, Found, LineReader, ObjectForm

# `[Adblock Plus]` and `[2001:db8::1]` begin so, too.
_ARRAY = re.compile(r"\[\s*(?:[\[{\"\]]|$)")


class Json(ObjectForm):
    name = "json"
    order = 4
    whole = True

    def recognise(self, lines: list[str]) -> bool:
        first = lines[0].strip() if lines else ""
        if first.startswith("{") and not first.endswith(("}", "},")):
            return True
        return _ARRAY.match(first) is not None

    def reader(self) -> LineReader:
        return _Reader()

    def examples(self) -> list[Example]:
        return [
            Example(
                '["Xau.Example", "192.0.2.1", 7]\n',
                (("domain", "xau.example"), ("ipv4", "192.0.2.1")),
                ("no-value",),
            ),
            Example(
                '[{"domain":"forum.example","url":"https://forum.example/a"},\n {"ip":"192.0.2.1"},\n {"note":"x"}]\n',
                (("url", "https://forum.example/a"), ("ipv4", "192.0.2.1")),
                ("no-value",),
            ),
            Example(
                '{\n "name": "x",\n "list": ["xau.example", "xau2.example"]\n}\n',
                (("domain", "xau.example"), ("domain", "xau2.example")),
            ),
            Example(
                '{"response":{"Attribute":[\n{"type":"domain","value":"xau.example"},{"type":"md5","value":"x"}]}}\n',
                (("domain", "xau.example"),),
                ("bad-characters",),
            ),
            Example(
                '[{"value":"xau.example"},\n{"value":},\n{"value":"xau2.example"},\n{"val',
                (("domain", "xau.example"), ("domain", "xau2.example")),
                ("not-json", "not-json"),
            ),
        ]


class _Reader(LineReader):
    def values(self, line: str) -> Iterator[Found]:
        found = document(line)
        if found is NOTHING:
            yield from _numbered(broken_values(line))
        else:
            yield from _numbered(document_values(found, line))


def _numbered(values: Iterable[Iterable[Found]]) -> Iterator[Found]:
    for place, each in enumerate(values, 1):
        for found in each:
            yield found._replace(place=place)
