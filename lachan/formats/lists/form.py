"""The base of every list form; one file a form stands in `forms/`."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple


class Found(NamedTuple):
    """One value of a line before it is parsed; a `reason` quarantines it."""

    text: str
    kind: str | None = None
    facts: Mapping[str, Any] | None = None
    reason: str = ""


class Example(NamedTuple):
    """Lines, and the (kind, value) pairs and reasons that reading them yields."""

    lines: str
    values: tuple[tuple[str, str], ...] = ()
    reasons: tuple[str, ...] = ()


class Form:
    """How one form of list is recognised, read and written.

    Attributes:
        name: the code that people give.
        order: the lower guesses first.
        comments: what a comment line starts with.
        kinds: which kinds the form can carry when it is written; empty for all.
    """

    name: ClassVar[str] = ""
    order: ClassVar[int] = 100
    comments: ClassVar[tuple[str, ...]] = ("#",)
    kinds: ClassVar[frozenset[str]] = frozenset()

    def recognise(self, lines: list[str]) -> bool:
        """Whether the first lines with content are of this form."""
        raise NotImplementedError

    def reader(self) -> "LineReader":
        """A fresh reader for one file; what a header says is kept in it."""
        raise NotImplementedError

    def head(self, notes: Mapping[str, str]) -> str:
        """What opens a written list: each note as a comment, or nothing where the form has no comments."""
        return "".join(f"# {key}: {value}\n" for key, value in notes.items())

    def line(self, kind: str, value: str, facts: Mapping[str, Any]) -> str | None:
        """One written line with its newline; None where the form cannot carry the kind."""
        raise NotImplementedError

    def examples(self) -> list[Example]:
        raise NotImplementedError


class LineReader:
    """Reads one file's lines, in order."""

    def values(self, line: str) -> Iterator[Found]:
        """The values of one stripped line with content."""
        raise NotImplementedError
