"""A text as it is read: without invisible marks, re-fanged, other scripts' digits as ours."""

import re
from collections.abc import Iterator

from lachan.formats.observables.defang import refang_mapped
from lachan.formats.observables.names import public_suffix
from lachan.formats.observables.offsets import substituted
from lachan.kernel.pasted import MARKS, blanks_folded, composed, digits_folded

_ZERO_WIDTH = "\u200b"
_WORD = re.compile(rf"[\w.@{_ZERO_WIDTH}-]+")
_PARTING = re.compile(rf"(?<=\w){_ZERO_WIDTH}(?=[\w{_ZERO_WIDTH}])")
_LONGEST_WORD = 600
_DIGEST = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
_WIDE = str.maketrans(
    {chr(0xFF00 + at): chr(0x20 + at) for at in (*range(0x21, 0x3B), *range(0x41, 0x5B))}
    | dict(zip("．／：＠＋－＿（）", "./:@+-_()", strict=True))
)
# A full stop of another script is a name's dot where a name goes on.
_FOREIGN_DOT = re.compile("(?<=\\w)[\u3002\uff61](?=[^\\W_])")


class Written:
    """Attributes:
    text: in NFC; what spans count in.
    read: what is searched. Each of its letters stands for one of the text's or more.
    """

    def __init__(self, text: str) -> None:
        self.text = composed(text)
        seen, self._marks = substituted(MARKS, lambda _: "", _parted(self.text))
        self._whole, self._defanged = refang_mapped(blanks_folded(seen))
        self.read = _FOREIGN_DOT.sub(".", digits_folded(self._whole).translate(_WIDE))

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where a piece of `read` stands in `text`."""
        return self._original(start), self._original(end - 1) + 1

    def readings(self, start: int, end: int) -> Iterator[str]:
        """A piece as it was written, for a path may hold other scripts' digits; then with ours."""
        if self._whole[start:end] != self.read[start:end]:
            yield self._whole[start:end]
        yield self.read[start:end]

    def _original(self, position: int) -> int:
        return self._marks.original(self._defanged.original(position))


def _parted(text: str) -> str:
    """A zero-width space between letters as a blank: it parts words, but for those that it stands within."""
    return _WORD.sub(_word, text) if _ZERO_WIDTH in text else text


def _word(found: re.Match[str]) -> str:
    word = found[0]
    if _ZERO_WIDTH not in word or _is_one(word.split(_ZERO_WIDTH)):
        return word
    return _PARTING.sub(" ", word)


def _is_one(pieces: list[str]) -> bool:
    """Whether the pieces are one name, or one fingerprint, rather than words side by side."""
    whole = "".join(pieces)
    if len(whole) > _LONGEST_WORD:
        return False
    if _DIGEST.fullmatch(whole):
        return True
    return (
        _has_ending(whole)
        and not all("." in piece and _has_ending(piece) for piece in pieces)
        and (whole.isascii() or not pieces[-1].isascii())
    )


def _has_ending(word: str) -> bool:
    return public_suffix(word.rpartition("@")[2].lower()) is not None
