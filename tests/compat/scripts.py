"""What a script asks of a browser.

It is read as tokens, not parsed: every operator, every name after a dot and every name that the file does not
declare itself is looked up, and the syntax over which old parsers stumble is looked for.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from pygments.lexers import JavascriptLexer
from pygments.token import Comment, Error, Number, String, Text, Whitespace

from tests.compat.features import lacking, table

# Of ECMAScript 2015.
_KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        """break case catch class const continue debugger default delete do else extends false finally for function
        if in instanceof let new null of return super switch this throw true try typeof undefined var void while
        arguments static get set NaN Infinity""",
    )
)
_OPERATORS = frozenset(
    re.findall(
        r"\S+",
        """= == === != !== < > <= >= + - * / % ++ -- += -= *= /= %= & | ^ ~ ! && || << >> >>> <<= >>= >>>= &= |= ^=
        ? : . , ; ( ) [ ] { } ${ => ...""",
    )
)
_LATER_KEYWORDS = frozenset({"async", "await", "import", "export", "yield"})
_LATER_IN_REGEX = {"(?<=": "lookbehind", "(?<!": "lookbehind", "\\p{": "\\p{"}


class _Token(NamedTuple):
    kind: Any
    text: str

    @property
    def is_name(self) -> bool:
        return bool(re.fullmatch(r"[A-Za-z_$][\w$]*", self.text)) and self.kind not in String


def _tokens(text: str) -> list[_Token]:
    tokens = JavascriptLexer().get_tokens(text)
    return [
        _Token(kind, part)
        for kind, part in tokens
        if kind not in Comment and kind not in Text and kind not in Whitespace and part.strip()
    ]


def script_faults(text: str, audience: str) -> Iterator[str]:
    tokens = _tokens(text)
    own = _declared(tokens)
    keys = _keys(tokens)
    for at, token in enumerate(tokens):
        before = tokens[at - 1].text if at else ""
        after = tokens[at + 1].text if at + 1 < len(tokens) else ""
        for name in _syntax(tokens, at):
            yield from lacking("syntax", name, audience)
        if not token.is_name or token.text in _KEYWORDS or token.text in _LATER_KEYWORDS:
            continue
        if at and tokens[at - 1].kind in Number:  # the rest of 1_000 or 1n
            continue
        if before == ".":
            # `form.elements.words`, `form.dataset.worker`: a page's own names.
            is_data = at > 1 and tokens[at - 2].text in {"elements", "dataset"}
            if not is_data and (token.text not in keys or token.text in table()["script"]):
                yield from lacking("script", token.text, audience)
        elif token.text not in own and not (after == ":" and before in {"{", ","}):
            yield from lacking("script", token.text, audience)


def _syntax(tokens: list[_Token], at: int) -> Iterator[str]:
    """The features of the language that begin at this token."""
    kind, text = tokens[at]
    before = tokens[at - 1].text if at else ""
    after = tokens[at + 1].text if at + 1 < len(tokens) else ""
    if kind in String:
        yield from _string(kind, text, before)
    elif kind in Number:
        if text.endswith("n") or after == "n":
            yield "bigint"
        elif "_" in text or after.startswith("_"):
            yield "numeric separator"
    elif kind in Error or text.startswith("#"):
        yield text[:1]
    elif text in _LATER_KEYWORDS and before != ".":
        yield text
    elif text == "class":
        yield from ("class", *_fields(tokens, at))
    elif not re.match(r"[\w$]", text) and text not in _OPERATORS:
        yield text
    else:
        yield from _pair(tokens, at, after)


def _pair(tokens: list[_Token], at: int, after: str) -> Iterator[str]:
    """What two tokens of old make together."""
    pairs = {("?", "."): "?.", ("catch", "{"): "catch without a name", (",", ")"): "comma before )"}
    if name := pairs.get((tokens[at].text, after)):
        yield name
    if tokens[at].text == "..." and _enclosing(tokens, at) == "{":
        yield "spread in an object"


def _string(kind: Any, text: str, before: str) -> Iterator[str]:
    if kind in String.Regex:
        body, _, flags = text.rpartition("/")
        yield from {name for part, name in _LATER_IN_REGEX.items() if part in body}
        if re.search(r"\(\?<\w", body):
            yield "named group"
        yield from (f"flag {flag}" for flag in flags if flag not in "gim")
    elif "module" in text and before == ":":
        yield "module worker"


def _enclosing(tokens: list[_Token], at: int) -> str:
    depth = 0
    for token in reversed(tokens[:at]):
        if token.text in {")", "]", "}"}:
            depth += 1
        elif token.text in {"(", "[", "{", "${"}:
            if depth == 0:
                return token.text
            depth -= 1
    return ""


def _fields(tokens: list[_Token], at: int) -> Iterator[str]:
    """Fields and static blocks in the body of the class that begins here."""
    depth, starts = 0, False  # whether a member of the class may begin at the token
    for token, after in itertools.pairwise(tokens[at:]):
        if depth == 1 and starts and token.is_name and after.text in {"=", ";"}:
            yield "class field"
        if depth == 1 and token.text == "static" and after.text == "{":
            yield "class field"
        is_open, is_close = token.text in {"{", "(", "[", "${"}, token.text in {"}", ")", "]"}
        depth += is_open - is_close
        if depth == 0 and is_close and token.text == "}":
            return
        starts = depth == 1 and token.text in {"{", "}", ";", "static"}


def _declared(tokens: list[_Token]) -> set[str]:
    """The names that the file makes itself: variables, functions, classes, parameters, imports."""
    own: set[str] = set()
    for at, token in enumerate(tokens):
        before = tokens[at - 1] if at else token
        if token.text in {"const", "let", "var"}:
            own |= _patterns(tokens, at + 1)
        elif token.text in {"function", "class"} and tokens[at + 1].is_name:
            own.add(tokens[at + 1].text)
        elif token.text == "import":
            own |= _until(tokens, at + 1, "from")
        elif token.text == "=>":
            own |= {before.text} if before.is_name else _group(tokens, at - 1)
        elif token.text == "{" and before.text == ")":
            own |= _parameters(tokens, at - 1)
    return own


def _patterns(tokens: list[_Token], at: int) -> set[str]:
    names, depth, is_pattern = set(), 0, True
    for token in tokens[at:]:
        if depth == 0 and token.text in {";", "of", "in"}:
            break
        depth += (token.text in {"(", "[", "{", "${"}) - (token.text in {")", "]", "}"})
        if depth < 0:
            break
        if depth == 0 and token.text in {"=", ","}:
            is_pattern = token.text == ","
        elif is_pattern and token.is_name:
            names.add(token.text)
    return names


def _until(tokens: list[_Token], at: int, end: str) -> set[str]:
    names = set()
    for token in tokens[at:]:
        if token.text in {end, ";", "("}:
            break
        if token.is_name:
            names.add(token.text)
    return names


def _opening(tokens: list[_Token], at: int) -> int:
    """Where the parenthesis that closes here opens."""
    depth = 0
    for i in range(at, -1, -1):
        depth += (tokens[i].text == ")") - (tokens[i].text == "(")
        if depth == 0:
            return i
    return 0


def _group(tokens: list[_Token], at: int) -> set[str]:
    # What a parameter is by default is no parameter.
    return {
        token.text
        for i, token in enumerate(tokens[:at])
        if i > _opening(tokens, at) and token.is_name and tokens[i - 1].text not in {"=", "."}
    }


def _parameters(tokens: list[_Token], at: int) -> set[str]:
    """Those of a function or a method whose head ends here, and its name; nothing for `if (…) {`."""
    start = _opening(tokens, at)
    head = tokens[start - 1] if start else tokens[0]
    if head.text in {"if", "for", "while", "switch", "with"}:
        return set()
    return _group(tokens, at) | ({head.text} if head.text not in _KEYWORDS else set())


def _keys(tokens: list[_Token]) -> set[str]:
    """The names of properties that the file gives to objects itself."""
    keys = _declared(tokens)
    for at in range(1, len(tokens) - 1):
        token, before, after = tokens[at], tokens[at - 1].text, tokens[at + 1].text
        is_key = before in {"{", ","} and after in {":", ",", "}"}
        is_given = before == "." and after == "=" and tokens[at - 2].text == "this"
        if token.is_name and (is_key or is_given):
            keys.add(token.text)
    return keys
