"""Comparing Vietnamese names as people type them: with or without marks, "Hoà" or "Hòa", "Đ" or "D"."""

import re
import unicodedata

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_LETTERS = "0123456789aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONE_ORDER = (
    "\u0300\u0309\u0303\u0301\u0323"  # huyền, hỏi, ngã, sắc, nặng; before all of them: none
)
# "oa", "oe", "uy" at the end of a syllable, the tone on the second letter; after "q" the u is no vowel.
_NEW_STYLE = re.compile(r"(?<![qQ])([ou])([àáảãạèéẻẽẹỳýỷỹỵ])(?!\w)", re.IGNORECASE)
_PAIRS = {"oa", "oe", "uy"}
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def plain(text: str) -> str:
    """Lower case without any mark: "Hoà Bình" and "HOA BINH" become "hoa binh"."""
    return " ".join(_bare(word) for word in _words(text))


def marked(text: str) -> str:
    """Lower case with marks, each syllable's tone at its end: "hoà" and "hòa" become the same."""
    return " ".join(_tone_last(word) for word in _words(text))


def has_marks(text: str) -> bool:
    """Whether the text was typed with Vietnamese marks at all."""
    return marked(text) != plain(text)


def old_style(text: str) -> str:
    """The tone mark where resolutions and school books write it: "Hoà" becomes "Hòa", "Thuỷ" "Thủy"."""
    return _NEW_STYLE.sub(_moved, unicodedata.normalize("NFC", text))


def _moved(found: re.Match[str]) -> str:
    first, second = found.groups()
    letter, tone = unicodedata.normalize("NFD", second)
    if (first + letter).lower() not in _PAIRS:
        return found[0]
    return unicodedata.normalize("NFC", first + tone) + letter


def dictionary_order(text: str) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
    """A sort key in the order of a Vietnamese dictionary: by syllable, letters first (a, ă and â are three),
    then the tone.
    """
    return tuple(_syllable_order(word) for word in _words(text))


def _syllable_order(word: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    apart = unicodedata.normalize("NFD", word)
    letters = unicodedata.normalize("NFC", "".join(c for c in apart if c not in _TONES))
    tones = tuple(_TONE_ORDER.index(c) + 1 for c in apart if c in _TONES)
    return tuple(_LETTERS.find(c) for c in letters), tones


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFC", text).lower())


def _bare(word: str) -> str:
    letters = unicodedata.normalize("NFD", word.replace("đ", "d"))
    return "".join(c for c in letters if not unicodedata.combining(c)).replace("’", "'")


def _tone_last(word: str) -> str:
    letters = unicodedata.normalize("NFD", word).replace("’", "'")
    tone = "".join(c for c in letters if c in _TONES)
    return unicodedata.normalize("NFC", "".join(c for c in letters if c not in _TONES)) + tone
