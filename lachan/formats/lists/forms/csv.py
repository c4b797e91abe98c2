"""CSV with a header (RFC 4180, one row a line); comma, semicolon or tab."""

import csv
from collections.abc import Iterator, Mapping
from typing import Any

from lachan.formats.lists.form import Example, Form, Found, LineReader

_VALUE = (
    "value",
    "indicator",
    "domain",
    "url",
    "host",
    "hostname",
    "ip",
    "address",
    "ioc",
    "giá trị",
)
_KIND = ("kind", "type", "loại")
_NAMED = {"domain": "domain", "url": "url", "host": "domain", "hostname": "domain"}
_COLUMNS = ("kind", "value")
_FINGERPRINTS = ("pdq", "sha256", "sha1", "md5")
"""Columns that name a kind of their own; a row may have several (`lachan hash` writes such lists)."""


class Csv(Form):
    name = "csv"
    order = 30

    def recognise(self, lines: list[str]) -> bool:
        columns = [column.lower() for column in _row(lines[0])]
        if any(name in columns for name in _FINGERPRINTS):
            return True
        return len(columns) > 1 and any(name in columns for name in _VALUE)

    def reader(self) -> LineReader:
        return _Reader()

    def head(self, notes: Mapping[str, str]) -> str:
        return ",".join(_COLUMNS) + "\n"

    def line(self, kind: str, value: str, facts: Mapping[str, Any]) -> str | None:
        quoted = value.replace('"', '""')
        return f'{kind},"{quoted}"\n'

    def examples(self) -> list[Example]:
        return [
            Example(
                'type,value,note\ndomain,Xau.Example,"một, hai"\n,192.0.2.1,\ndomain,,\ndomain,"hở\n',
                (("domain", "xau.example"), ("ipv4", "192.0.2.1")),
                ("no-value", "bad-csv"),
            ),
            Example(
                f"pdq,quality,sha256,path\n{'5a' * 32},99,{'0f' * 32},a.png\n,,{'f0' * 32},b\n,,,c\n",
                (("pdq", "5a" * 32), ("sha256", "0f" * 32), ("sha256", "f0" * 32)),
                ("no-value",),
            ),
            Example(f"pdq\n{'5a' * 32}\n", (("pdq", "5a" * 32),)),
            Example("url;note\nhttps://xau.example/a;x\n", (("url", "https://xau.example/a"),)),
        ]


class _Reader(LineReader):
    def __init__(self) -> None:
        self._columns: list[str] | None = None
        self._delimiter = ","

    def values(self, line: str) -> Iterator[Found]:
        if self._columns is None:
            self._delimiter = _delimiter(line)
            self._columns = [column.lower() for column in _row(line, self._delimiter)]
            return
        try:
            row = dict(zip(self._columns, _row(line, self._delimiter), strict=False))
        except csv.Error:
            yield Found(line, reason="bad-csv")
            return
        prints = [Found(row[name], name) for name in _FINGERPRINTS if row.get(name)]
        # Without the other columns: of files they hold paths and names.
        yield from prints
        name = next((name for name in _VALUE if row.get(name)), None)
        if name is None:
            if not prints:
                yield Found(line, reason="no-value")
            return
        kind = next((row[name].lower() for name in _KIND if row.get(name)), _NAMED.get(name))
        facts = {key: fact for key, fact in row.items() if fact and key not in (name, *_KIND)}
        yield Found(row[name], kind, facts)


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)


def _row(line: str, delimiter: str | None = None) -> list[str]:
    rows = csv.reader([line], delimiter=delimiter or _delimiter(line), strict=True)
    return [cell.strip() for cell in next(rows, [])]
