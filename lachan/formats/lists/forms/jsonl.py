"""JSON lines: one object a line with `value`, and `kind` where it is known; the rest are facts."""

from collections.abc import Iterator

from lachan.formats.lists.documents import document, document_values
from lachan.formats.lists.form import Example, Found, LineReader, ObjectForm


class JsonLines(ObjectForm):
    name = "jsonl"
    order = 5
    comments = ("#",)

    def claims(self, line: str) -> bool:
        return line.startswith("{") and line.endswith(("}", "},"))

    def reader(self) -> LineReader:
        return _Reader()

    def examples(self) -> list[Example]:
        return [
            Example(
                '{"kind":"domain","value":"Xau.Example","category":"scam"}\n{"value":"192.0.2.1"}\n{"value": }\n{"kind":"url"}\n',
                (("domain", "xau.example"), ("ipv4", "192.0.2.1")),
                ("not-json", "no-value"),
            ),
            Example(
                '{"value":"xau.example"},\n{"value":"xau2.example"},{"value":"xau3.example"}\n',
                tuple(("domain", f"xau{number}.example") for number in ("", 2, 3)),
            ),
            Example(
                '{"domain":"forum.example","url":"https://forum.example/a"}\n{"type":"ip-dst","value":"192.0.2.1"}\n',
                (("url", "https://forum.example/a"), ("ipv4", "192.0.2.1")),
            ),
        ]


class _Reader(LineReader):
    def values(self, line: str) -> Iterator[Found]:
        row = document(line)
        if not isinstance(row, dict):
            # Several on one line, or the lines of an array without its brackets.
            row = document(f"[{line.removesuffix(',')}]") if line.startswith("{") else None
        if isinstance(row, dict | list):
            for values in document_values(row, line):
                yield from values
        else:
            yield Found(line, reason="not-json")
