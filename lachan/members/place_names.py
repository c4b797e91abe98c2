"""Comparing Vietnamese names as people type them: with or without marks, "Hoà" or "Hòa", "Đ" or "D"."""

import re
import unicodedata

_TONES = "\u0300\u0301\u0303\u0309\u0323"
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


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFC", text).lower())


def _bare(word: str) -> str:
    letters = unicodedata.normalize("NFD", word.replace("đ", "d"))
    return "".join(c for c in letters if not unicodedata.combining(c)).replace("’", "'")


def _tone_last(word: str) -> str:
    letters = unicodedata.normalize("NFD", word).replace("’", "'")
    tone = "".join(c for c in letters if c in _TONES)
    return unicodedata.normalize("NFC", "".join(c for c in letters if c not in _TONES)) + tone
