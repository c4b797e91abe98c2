"""Comparing names of places as people type them: with or without marks, "Hoà" or "Hòa", "Đ" or "D"."""

import dataclasses
import re
import unicodedata
from collections.abc import Mapping

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# Letters that Unicode does not take apart into a letter and a mark.
_WHOLE = str.maketrans({
    "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ø": "o", "ß": "ss", "þ": "th", "æ": "ae", "œ": "oe",
})  # fmt: skip


def plain(text: str) -> str:
    """Lower case without any mark: "Hoà Bình" and "HOA BINH" become "hoa binh"."""
    return " ".join(_bare(word) for word in _words(text))


@dataclasses.dataclass(frozen=True)
class Spelling:
    """How a country's names are written.

    Attributes:
        letters: the alphabet in order; a letter with a mark that is one of its own stands by itself (a, ă, â).
        tones: combining marks that tell words apart and no letters, in order, after none of them.
    """

    letters: str = "0123456789abcdefghijklmnopqrstuvwxyz"
    tones: str = ""

    @classmethod
    def read(cls, data: Mapping[str, str]) -> "Spelling":
        """As a country's `places.json` tells it: the tones on letters, for bare marks change their order."""
        shown = unicodedata.normalize("NFD", data.get("tones", ""))
        marks = "".join(sign for sign in shown if unicodedata.combining(sign))
        return cls(data.get("letters", cls.letters), marks)

    def marked(self, text: str) -> str:
        """Lower case with marks, each syllable's tone at its end: "hoà" and "hòa" become the same."""
        return " ".join(self._tone_last(word) for word in _words(text))

    def has_marks(self, text: str) -> bool:
        """Whether the text was typed with marks at all."""
        return self.marked(text) != plain(text)

    def order(self, text: str) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
        """A sort key in the order of a dictionary: by word, letters first (a, ă and â are three), then the tone."""
        return tuple(self._word_order(word) for word in _words(text))

    def _word_order(self, word: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        letters, tones = self._apart(word)
        return tuple(map(self._place, letters)), tuple(self.tones.index(c) + 1 for c in tones)

    def _place(self, letter: str) -> int:
        at = self.letters.find(letter)
        return at if at >= 0 else self.letters.find(_bare(letter)[:1] or letter)

    def _tone_last(self, word: str) -> str:
        letters, tones = self._apart(word.replace("’", "'"))
        return letters + tones

    def _apart(self, word: str) -> tuple[str, str]:
        """(composed letters without tones, the tones)."""
        signs = unicodedata.normalize("NFD", word)
        letters = "".join(c for c in signs if c not in self.tones)
        return unicodedata.normalize("NFC", letters), "".join(c for c in signs if c in self.tones)


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFC", text).lower())


def _bare(word: str) -> str:
    letters = unicodedata.normalize("NFD", word.translate(_WHOLE))
    return "".join(c for c in letters if not unicodedata.combining(c)).replace("’", "'")
