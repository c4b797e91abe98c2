"""The base of every list form; one file a form stands in `forms/`."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import msgspec

_TRAILING = re.compile(r"(?<!\s)\s++(?:[#;]|//\s).*")
# `##name` hides something on a page (ad blockers); `## a title` is a comment.
_COMMENT = re.compile(
    r"[!;]|//\s|#(?!#[^\s#]|@[?$%]?#|[?$%]#)|\[(?:ad ?block|adguard|ublock)", re.IGNORECASE
)

_BETWEEN = re.compile(r"(?<![\s,;|])(?=\|*+[\s,;])[\s,;|]++(?=(?:https?|hxxps?)://)", re.IGNORECASE)
_NOWHERE = frozenset(
    {"", "0", "0.0.0.0", "::", "::0", "::1", "0:0:0:0:0:0:0:0", "0:0:0:0:0:0:0:1", "::ffff:0.0.0.0"}  # noqa: S104
)


_encode = msgspec.json.Encoder().encode
_PIECE = 1000  # records: some ten kilobytes
_NO_FACTS: Mapping[str, Any] = {}


class Record(NamedTuple):
    """One value that is to be written.

    Attributes:
        facts: what is said of it, in forms that can.
        removed: it is listed no longer; in lists of changes.
        place: its number where it comes from, by which whoever gave it knows it again.
    """

    kind: str
    value: str
    facts: Mapping[str, Any] = _NO_FACTS
    removed: bool = False
    place: int = 0


LeftOut = Callable[[Record], object]


class Lets(NamedTuple):
    """A value that a line lets through.

    Attributes:
        below: all names below it, too, even where another line names them.
    """

    text: str
    kind: str | None = None
    below: bool = False


class Found(NamedTuple):
    """One value of a line before it is parsed; a `reason` quarantines it.

    Attributes:
        place: its number, where the form is read in one piece and has no lines.
        lets: what the line lets through; only beside a reason.
    """

    text: str
    kind: str | None = None
    facts: Mapping[str, Any] | None = None
    reason: str = ""
    place: int = 0
    lets: Lets | None = None


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
        whole: read in one piece instead of line by line.
        sections: lines such as `[name]` and `name:` open a part that may be let through.
        rows_go_on: a quoted cell may hold line ends, so that a row may stand on several lines.
    """

    name: ClassVar[str] = ""
    order: ClassVar[int] = 100
    comments: ClassVar[tuple[str, ...]] = ("#",)
    kinds: ClassVar[frozenset[str]] = frozenset()
    whole: ClassVar[bool] = False
    sections: ClassVar[bool] = False
    rows_go_on: ClassVar[bool] = False

    def claims(self, line: str) -> bool:
        """Whether a stripped line is of this form and can hardly be of another. Cheap."""
        return False

    def recognise(self, lines: list[str]) -> bool:
        """Whether the first lines of a file are of this form: most of those that are no comments."""
        content = [line for line in lines if not self.passes(line)]
        return sum(map(self.claims, content)) * 2 > len(content)

    def passes(self, line: str) -> bool:
        """Whether a line is a comment, in this form or in any."""
        return line.startswith(self.comments) or is_comment(line)

    def reader(self) -> "LineReader":
        """A fresh reader for one file; what a header says is kept in it."""
        raise NotImplementedError

    def write(
        self, records: Iterable[Record], notes: Mapping[str, str], *, left_out: LeftOut
    ) -> Iterator[bytes]:
        """A list, in pieces of some kilobytes.

        Args:
            notes: what opens it, in forms that have comments.
            left_out: told of each record that the form cannot carry, or that would spoil others.
        """
        yield self.head(notes).encode()
        yield from self._pieces(records, self._line_of, left_out)

    def write_changes(self, records: Iterable[Record], *, left_out: LeftOut) -> Iterator[bytes]:
        """What came and what is listed no longer, in order; as `write`."""
        yield from self._pieces(records, self._change_of, left_out)

    def _pieces(
        self, records: Iterable[Record], write: Callable[[Record], str | None], left_out: LeftOut
    ) -> Iterator[bytes]:
        held: list[str] = []
        for record in records:
            value = record.value
            # What cannot stand alone on a line would bring a line of its own into the list.
            is_one = value.isprintable() and value and " " not in value
            if not is_one or (line := write(record)) is None:
                left_out(record)
                continue
            held.append(line)
            if len(held) >= _PIECE:
                yield "".join(held).encode()
                held.clear()
        yield "".join(held).encode()

    def _line_of(self, record: Record) -> str | None:
        return self.line(record.kind, record.value, record.facts)

    def _change_of(self, record: Record) -> str | None:
        return self.change(record.kind, record.value, record.facts, removed=record.removed)

    def head(self, notes: Mapping[str, str]) -> str:
        """What opens a written list: each note as a comment, or nothing where the form has no comments."""
        return "".join(f"# {key}: {value}\n" for key, value in notes.items())

    def line(self, kind: str, value: str, facts: Mapping[str, Any]) -> str | None:
        """What one value is written as, with its newline; None where the form cannot carry it."""
        raise NotImplementedError

    def change(
        self, kind: str, value: str, facts: Mapping[str, Any], *, removed: bool
    ) -> str | None:
        """As `line`, in a list of what came and what is listed no longer."""
        line = self.line(kind, value, facts)
        return line and f"{'-' if removed else '+'} {line}"

    def examples(self) -> list[Example]:
        raise NotImplementedError


class NameForm(Form):
    """A form that carries names alone when it is written.

    Attributes:
        written: what one is written as, with its newline; `{0}` stands for it.
        foreign: signs of the form's own language, of which a stray one would turn a name into something else.
    """

    kinds = frozenset({"domain"})
    written: ClassVar[str] = ""
    foreign: ClassVar[frozenset[str]] = frozenset()

    def line(self, kind: str, value: str, facts: Mapping[str, Any]) -> str | None:
        if kind != "domain" or (self.foreign and not self.foreign.isdisjoint(value)):
            return None
        return value.join(self._around)

    @cached_property
    def _around(self) -> list[str]:
        return self.written.split("{0}")


class ObjectForm(Form):
    """A form that is written as JSON, one object a line: it has no comments."""

    def head(self, notes: Mapping[str, str]) -> str:
        return ""

    def line(self, kind: str, value: str, facts: Mapping[str, Any]) -> str | None:
        return _encode({"kind": kind, "value": value, **facts}).decode() + "\n"

    def change(
        self, kind: str, value: str, facts: Mapping[str, Any], *, removed: bool
    ) -> str | None:
        return self.line(kind, value, {**facts, "effect": "remove" if removed else "add"})


class LineReader:
    """Reads one file's lines, in order."""

    def values(self, line: str) -> Iterator[Found]:
        """The values of one stripped line with content."""
        raise NotImplementedError

    def goes_on(self, line: str) -> bool:
        """As `joining.Table`, asked only where `rows_go_on`."""
        return False

    def is_row(self, line: str) -> bool:
        """As `joining.Table`, asked only where `rows_go_on`."""
        return True


def is_comment(line: str) -> bool:
    """Whether a line is a comment in one form or another, and a value in none."""
    return _COMMENT.match(line) is not None


def uncommented(line: str) -> str:
    """The line without a comment behind its value; a `#` within a value stands without a blank before it."""
    if "#" in line or ";" in line or "//" in line:
        return _TRAILING.sub("", line)
    return line


def leads_nowhere(address: str) -> bool:
    """Whether an address blocks: it is none, or the machine itself, and not that of a host that is there."""
    # 127.0.1.1 is where a machine has its own name (Debian).
    return address in _NOWHERE or (address.startswith("127.") and address != "127.0.1.1")


def several(line: str) -> list[str]:
    """The URLs of a line that holds several, with blanks or commas between; else the line."""
    return _BETWEEN.split(line) if line.count("://") > 1 else [line]


def wide_name(text: str) -> str:
    """A name without the wildcard before it: an entry means the name and all below anyway."""
    if text.startswith(("*.", "+.")):
        return text[2:]
    return text.removeprefix(".")
