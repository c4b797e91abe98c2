"""JSON lines: one object a line with `value`, and `kind` where it is known; the rest are facts."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from lachan.formats.lists.form import Example, Form, Found, LineReader

_VALUE = ("value", "indicator", "domain", "url", "ip", "host")
_KINDS = {"domain": "domain", "url": "url"}


class JsonLines(Form):
    name = "jsonl"
    order = 5
    comments = ("#",)

    def recognise(self, lines: list[str]) -> bool:
        return all(line.startswith("{") and line.endswith("}") for line in lines)

    def reader(self) -> LineReader:
        return _Reader()

    def head(self, notes: Mapping[str, str]) -> str:
        return ""

    def line(self, kind: str, value: str, facts: Mapping[str, Any]) -> str | None:
        return msgspec.json.encode({"kind": kind, "value": value, **facts}).decode() + "\n"

    def examples(self) -> list[Example]:
        return [
            Example(
                '{"kind":"domain","value":"Xau.Example","category":"scam"}\n{"value":"192.0.2.1"}\n{"value": }\n{"kind":"url"}\n',
                (("domain", "xau.example"), ("ipv4", "192.0.2.1")),
                ("not-json", "no-value"),
            )
        ]


class _Reader(LineReader):
    def values(self, line: str) -> Iterator[Found]:
        try:
            row = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            row = None
        if not isinstance(row, dict):
            yield Found(line, reason="not-json")
            return
        name = next((name for name in _VALUE if isinstance(row.get(name), str)), None)
        if name is None:
            yield Found(line, reason="no-value")
            return
        kind = row.get("kind")
        facts = {key: fact for key, fact in row.items() if key not in (name, "kind")}
        yield Found(row[name], kind if isinstance(kind, str) else _KINDS.get(name), facts)
