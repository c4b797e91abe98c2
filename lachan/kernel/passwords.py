"""Passwords in one spelling: keyboards write the same letter in different code points.

"ế" comes as U+1EBF from most keyboards, as "e" with two marks from others, and as "ê" with a tone mark from
the Vietnamese keyboard of Windows (Microsoft's code page 1258 writes tones apart).
"""

import unicodedata

# Grave, acute, tilde, hook above, dot below: the tones, as that keyboard sends them.
_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")


def password_normal(password: str) -> str:
    """The spelling in which a password is hashed, and a lock's key derived: NFKC (NIST SP 800-63B, section
    5.1.1.2).
    """
    return unicodedata.normalize("NFKC", password)


def password_spellings(password: str) -> list[str]:
    """Every spelling in which this password may have been hashed before there was a normal one, each once:
    the normal one first, then as it was typed now.
    """
    normal = unicodedata.normalize("NFC", password)
    others = [password, normal, unicodedata.normalize("NFD", password), _tones_apart(normal)]
    return list(dict.fromkeys([password_normal(password), *others]))


def _tones_apart(text: str) -> str:
    return "".join(_tone_apart(character) for character in text)


def _tone_apart(character: str) -> str:
    marks = unicodedata.normalize("NFD", character)
    tones = "".join(mark for mark in marks if mark in _TONES)
    return unicodedata.normalize("NFC", "".join(m for m in marks if m not in _TONES)) + tones
