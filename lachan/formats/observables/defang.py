"""Analysts write dangerous addresses so that nobody clicks them: hxxp, [.], (dot). Here they become whole.

People write them so by mistake: `https//`, `http;//`. Two sets of marks: those that mean nothing else
are mended wherever they stand, a path included; loose ones only up to the path of a value, and in prose.
"""

import re

from lachan.formats.observables.offsets import Offsets, substituted

_OPEN, _CLOSE = r"[\[({<]", r"[\])}>]"
_STRICT_SCHEME = r"\bh(?:xx|tt|\*\*)p(?P<s>s?)(?:\[:\]//|://|\[://\]|\[:\]\[/\]\[/\]|\(://\))"
_SLASH = rf"(?:{_OPEN}[/\\]{{1,2}}{_CLOSE}|[/\\])"
_LOOSE_SCHEME = (
    # Where a word may begin, so that an address within another's path or query is left alone.
    r"(?<![^\s<>\"'“”‘’«(\[{,;:|>*])"
    rf"(?:{_OPEN}?h{_CLOSE}?{_OPEN}?[tx*_#.-]{{1,3}}{_CLOSE}?|tt)p(?:{_OPEN}(?P<bs>s){_CLOSE}|(?P<ls>s?){_CLOSE}?)"
    rf"(?:\s?{_OPEN}[:;][/\\]{{1,3}}{_CLOSE}|\s?(?:{_OPEN}[:;]{_CLOSE}|[:;])\s?{_SLASH}{{1,4}}|{_SLASH}{{2,4}}"
    r"|:(?=[\w-]{1,63}\.\w))"
    r"(?:\s(?=[\w-]{1,63}\.\w))?"
)
_STRICT_DOT = r"\s?[\[({](?:\.|dot|d0t|chấm|cham)[\])}]\s?"
_LOOSE_DOT = (
    rf"\s?{_OPEN}\s?(?:\.|dot|d0t|chấm|cham)\s?{_CLOSE}\s?"
    r"|(?<=[\w-])(?:[\[({]\.|\.\])(?=\w)"
)
_STRICT_AT = r"\s?[\[({](?:@|at|a còng|a cong)[\])}]\s?"
_LOOSE_AT = rf"\s?{_OPEN}\s?(?:@|at|a còng|a cong)\s?{_CLOSE}\s?"
_COLON = rf"{_OPEN}:{_CLOSE}"
_STRICT = re.compile(
    f"(?P<scheme>{_STRICT_SCHEME})|(?P<dot>{_STRICT_DOT})|(?P<at>{_STRICT_AT})", re.IGNORECASE
)
_LOOSE = re.compile(
    f"(?P<scheme>{_LOOSE_SCHEME}|{_STRICT_SCHEME})|(?P<dot>{_LOOSE_DOT})|(?P<at>{_LOOSE_AT})|{_COLON}",
    re.IGNORECASE,
)
_SCHEME = re.compile(f"(?P<scheme>{_LOOSE_SCHEME}|{_STRICT_SCHEME})", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?:https?://)?[^/?#\\]*+", re.IGNORECASE)


def refang(text: str) -> str:
    """One value with every defanged mark made whole; without such marks it comes back unchanged."""
    if scheme := _SCHEME.match(text):
        text = _whole(scheme) + text[scheme.end() :]
    path = _AUTHORITY.match(text).end()  # type: ignore[union-attr]  # it matches everything
    return _LOOSE.sub(_whole, text[:path]) + _STRICT.sub(_whole, text[path:])


def refang_mapped(text: str) -> tuple[str, Offsets]:
    """Prose with every defanged mark made whole, and the way back to the original's positions."""
    return substituted(_LOOSE, _whole, text)


def _whole(mark: re.Match[str]) -> str:
    named = mark.groupdict()
    if named["scheme"]:
        secure = named["s"] or named.get("ls") or named.get("bs") or ""
        return f"http{secure.lower()}://"
    return "." if named["dot"] else "@" if named["at"] else ":"
