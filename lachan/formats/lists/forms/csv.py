"""CSV with a head that names the columns (RFC 4180); comma, semicolon, tab or bar.

The head may be a comment (`#domain,#severity` of Mastodon, `# id,url` of abuse.ch), and lines may stand above it.
"""

import csv
from collections.abc import Iterator, Mapping
from typing import Any

from lachan.formats.lists.columns import is_head, row_values
from lachan.formats.lists.form import Example, Form, Found, LineReader, is_comment

_COLUMNS = ("kind", "value")
_DELIMITERS = ",;\t|"
_MARKS = ("#", "%")


class Csv(Form):
    name = "csv"
    order = 30
    comments = ()
    rows_go_on = True

    def recognise(self, lines: list[str]) -> bool:
        reader, rows, fitting, above = _Reader(), 0, 0, 0
        for line in lines:
            headed = reader.headed
            above += sum(1 for found in reader.values(line) if found.reason == "no-head")
            if headed and not line.startswith(_MARKS):
                rows += 1
                fitting += reader.is_row(line) or reader.goes_on(line)
        # A head that opens the list is believed; below other lines what stands under it must fit.
        return reader.headed and (not above or (rows > 0 and fitting * 2 >= rows))

    def reader(self) -> "_Reader":
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
            Example(
                "Danh sách 2026\ndomain\turl\nforum.example\thttps://forum.example/a\nxau.example\t\n",
                (("url", "https://forum.example/a"), ("domain", "xau.example")),
                ("no-head",),
            ),
            Example(
                "#domain,#severity,#public_comment\nxau.example,suspend,\nxau2.example,noop,\n",
                (("domain", "xau.example"),),
                ("not-to-block",),
            ),
            Example(
                "uuid,category,type,value,comment,to_ids\na,b,domain|ip,xau.example|192.0.2.1,,1\n"
                f'a,b,filename|md5,a.png|{"0f" * 16},"hai\ndòng",1\na,b,ip-dst,192.0.2.1,,1\na,b,url,xau.example/a,,0\n'
                "a,b,filename,xau.example,,1\n",
                (("domain", "xau.example"), ("md5", "0f" * 16), ("ipv4", "192.0.2.1")),
                ("not-to-block", "unknown-kind"),
            ),
        ]


class _Reader(LineReader):
    def __init__(self) -> None:
        self._columns: list[str] | None = None
        self._delimiter = ","
        self._perhaps = False

    @property
    def headed(self) -> bool:
        return self._columns is not None

    def values(self, line: str) -> Iterator[Found]:
        commented = line.startswith(_MARKS)
        if self._perhaps and not commented:
            self._confirm(line)
        if self._columns is None or (self._perhaps and commented):
            if not (self._take_head(line, commented=commented) or commented or is_comment(line)):
                yield Found(line, reason="no-head")
            return
        if commented:
            return
        cells = _cells(line, self._delimiter)
        if cells is None:
            yield Found(line, reason="bad-csv")
            return
        row: dict[str, str] = {}
        for name, cell in zip(self._columns, cells, strict=False):
            row.setdefault(name, cell)
        yield from row_values(row, line)

    def goes_on(self, line: str) -> bool:
        if self._columns is None or len(self._columns) < 2 or line.startswith(_MARKS):
            return False
        return line.count('"') % 2 == 1

    def is_row(self, line: str) -> bool:
        if self._columns is None:
            return False
        cells = _cells(line, self._delimiter)
        return cells is not None and len(cells) == len(self._columns)

    def _take_head(self, line: str, *, commented: bool) -> bool:
        line = _legible(line)
        for delimiter in sorted(_DELIMITERS, key=line.count, reverse=True):
            names = _cells(line.lstrip("#% "), delimiter) or []
            if any(other in name for name in names for other in _DELIMITERS):
                continue  # a row by another delimiter
            if is_head(names) and not (commented and len(names) < 2):
                self._columns = [name.lstrip("#").strip().lower() for name in names]
                self._delimiter, self._perhaps = delimiter, commented
                return True
        return False

    def _confirm(self, line: str) -> None:
        """A comment was a head if what stands below has as many cells."""
        self._perhaps = False
        if not (self.is_row(line) or self.goes_on(line)):
            self._columns = None


def _legible(head: str) -> str:
    """A head whose bytes are no UTF-8, as Windows writes Vietnamese: it names columns, and no value."""
    try:
        head.encode()
    except UnicodeEncodeError:
        return head.encode("utf-8", "surrogateescape").decode("cp1258", "replace")
    return head


def _cells(line: str, delimiter: str) -> list[str] | None:
    """None where the line is no sound CSV."""
    lines = [f"{part}\n" for part in line.split("\n")]
    rows = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        cells = next(rows, [])
        return None if next(rows, None) else [cell.strip() for cell in cells]
    except csv.Error:
        return None
