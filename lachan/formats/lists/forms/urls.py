"""One web address a line; it stays an address even where it is somebody's profile."""

from collections.abc import Iterator, Mapping
from typing import Any

from lachan.formats.lists.form import Example, Form, Found, LineReader


class Urls(Form):
    name = "urls"
    order = 50
    kinds = frozenset({"url"})

    def recognise(self, lines: list[str]) -> bool:
        return all(line[:8].lower().startswith(("http://", "https://", "hxxp")) for line in lines)

    def reader(self) -> LineReader:
        return _Reader()

    def line(self, kind: str, value: str, facts: Mapping[str, Any]) -> str | None:
        return f"{value}\n" if kind == "url" else None

    def examples(self) -> list[Example]:
        return [
            Example(
                "# ghi chú\nhttps://xau.example/a\nhttps://www.tiktok.com/@nguoi.la\nhttp://\n",
                (("url", "https://xau.example/a"), ("url", "https://www.tiktok.com/@nguoi.la")),
                ("bad-url",),
            )
        ]


class _Reader(LineReader):
    def values(self, line: str) -> Iterator[Found]:
        yield Found(line, "url")
