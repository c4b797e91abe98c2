"""One web address a line; it stays an address even where it is somebody's profile."""

from collections.abc import Iterator, Mapping
from typing import Any

from lachan.formats.lists.form import Example, Form, Found, LineReader, uncommented
from lachan.formats.observables.names import is_plain_name


class Urls(Form):
    name = "urls"
    order = 50
    kinds = frozenset({"url"})

    def claims(self, line: str) -> bool:
        return _has_scheme(line)

    def reader(self) -> LineReader:
        return _Reader()

    def line(self, kind: str, value: str, facts: Mapping[str, Any]) -> str | None:
        return f"{value}\n" if kind == "url" else None

    def examples(self) -> list[Example]:
        return [
            Example(
                "# ghi chú\nhttps://xau.example/a\nhttps://www.tiktok.com/@nguoi.la\nhttp://\n"
                "https://xau.example/b#dau # ghi chú\n",
                (
                    ("url", "https://xau.example/a"),
                    ("url", "https://www.tiktok.com/@nguoi.la"),
                    ("url", "https://xau.example/b"),
                ),
                ("bad-url",),
            )
        ]


class _Reader(LineReader):
    def values(self, line: str) -> Iterator[Found]:
        text = uncommented(line)
        # What has no scheme is one where a name stands before the path; else it is not of this form.
        addressed = _has_scheme(text) or ("/" in text and is_plain_name(text.partition("/")[0]))
        yield Found(text, "url" if addressed else None)


def _has_scheme(line: str) -> bool:
    return line[:8].lower().startswith(("http://", "https://", "hxxp"))
