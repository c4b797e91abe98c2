"""A public key as a number that two people can compare: on a page, a paper, or over the telephone."""

import hashlib

_DIGITS, _GROUP = 18, 4


def key_number(public: str) -> str:
    """20 digits in groups of four: 18 of a hash of the key, and two check digits (ISO/IEC 7064, MOD 97-10).

    To make a key whose number is the same takes 10¹⁸ tries: more than a thief has, few enough to be read out.
    """
    digest = hashlib.sha256(b"lachan key " + public.encode()).digest()
    number = int.from_bytes(digest, "big") % 10**_DIGITS
    digits = f"{number:0{_DIGITS}d}{98 - number * 100 % 97:02d}"
    return " ".join(digits[at : at + _GROUP] for at in range(0, len(digits), _GROUP))
