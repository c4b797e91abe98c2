"""Cleaning of pasted text: marks nobody sees, blanks of every kind, digits of other scripts.

Sources: Unicode, Default_Ignorable_Code_Point (DerivedCoreProperties.txt, 16.0); RFC 5892, appendix A
(joiners); UAX #15, section 13 (stream-safe text).
"""

import re
import unicodedata

# Where joiners and selectors choose between letters or pictures: scripts that join, and symbols.
_SYMBOLS = "\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
# Without the marks among them, which go: what only stood beside one joins nothing.
_JOINING = (
    "\u0590-\u061b\u061d-\u109f\u1780-\u17b3\u17b6-\u180a\u1810-\u1dff\ua800-\uabff\ufb1d-\ufdff\ufe70-\ufefc"
    f"{_SYMBOLS}"
)
# U+202E stays, to be refused: it shows a text back to front, and is no accident. U+FFFC stands where a
# picture was.
MARKS = re.compile(
    "(?<=[0-9#*])\ufe0f?\u20e3"
    f"|(?<![{_JOINING}])(?<![{_SYMBOLS}]\ufe0f)[\u200c\u200d]|[\u200c\u200d](?![{_JOINING}])"
    f"|(?<![{_SYMBOLS}])[\ufe0e\ufe0f]"
    "|[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202d\u2060-\u206f"
    "\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffc\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
"""Invisible marks. Those that change a word stay: between letters of scripts that join, after symbols."""

_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]")
_FOREIGN_DIGIT = re.compile(r"[^\x00-\x7f\D]")
_UNCOMMON = re.compile(r"[^\w\s\x00-\x7f]{31,}")
_STREAM_SAFE = 30


def cleaned(text: str) -> str:
    """`text` without invisible marks, each blank a plain one; letters and their joiners stay as they are."""
    if text.isascii():
        return text
    return blanks_folded(MARKS.sub("", text))


def blanks_folded(text: str) -> str:
    """Blanks of every kind (no-break, narrow, of Braille) as U+0020, one for one."""
    return _BLANKS.sub(" ", text)


def digits_folded(text: str) -> str:
    """Digits of every script as ASCII ones, one for one."""
    if text.isascii():
        return text
    return _FOREIGN_DIGIT.sub(lambda found: str(unicodedata.digit(found[0])), text)


def composed(text: str) -> str:
    """`text` in NFC. Of more than thirty accents on one letter the rest is dropped.

    Putting accents in order takes the square of their number: 200,000 of them would take minutes.
    """
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _UNCOMMON.sub(_stream_safe, text))


def _stream_safe(found: re.Match[str]) -> str:
    kept, run = [], 0
    for character in found[0]:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= _STREAM_SAFE:
            kept.append(character)
    return "".join(kept)
