"""What a style sheet asks of a browser. What is new may stand after something old for the same property, or inside
`@supports` that asks for it.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from tests.compat.features import feature, is_new, lacking


class _Rule(NamedTuple):
    around: tuple[str, ...]  # the at-rules it stands in
    selector: str
    declarations: list[tuple[str, str]]


def style_faults(text: str, audience: str) -> Iterator[str]:
    rules = list(_rules(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL), ()))
    for rule in rules:
        guards = " ".join(a for a in rule.around if re.match(r"@supports(?!\s+not\b)", a))
        for at in rule.around:
            yield from _at_rule(at, audience)
        yield from _selector(rule.selector, guards, audience)
        yield from _declarations(rule, guards, audience)
    if audience == "public":
        yield from _gaps(rules)


def _rules(text: str, around: tuple[str, ...]) -> Iterator[_Rule]:
    at = 0
    while match := re.compile(r"[^{};]*([{;])").match(text, at):
        head, at = match[0][:-1].strip(), match.end()
        if match[1] == ";":
            yield _Rule((*around, head), "", [])
            continue
        depth, start = 1, at
        while depth:
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            at += 1
        body = text[start : at - 1]
        if head.startswith("@"):
            yield from (
                _rules(body, (*around, head)) if "{" in body else [_Rule((*around, head), "", [])]
            )
        elif "{" in body:
            yield _Rule((*around, "@nesting"), head, [])
        else:
            pairs = [part.partition(":") for part in body.split(";") if part.strip()]
            yield _Rule(around, head, [(name.strip(), value.strip()) for name, _, value in pairs])


def _at_rule(head: str, audience: str) -> Iterator[str]:
    name = re.match(r"@[\w-]+|", head)[0]
    yield from lacking("at-rules", name, audience)
    if name == "@media":
        for asked in re.findall(r"\(\s*([^:)]+)", head):
            yield from lacking("media", asked.strip(), audience)


def _selector(selector: str, guards: str, audience: str) -> Iterator[str]:
    names = re.findall(r"::?[\w-]+", selector)
    if re.search(r":not\([^()]*[,\s]", selector):
        names.append(":not(a, b)")
    for name in names:
        if f"{name}(" in guards:
            continue
        yield from lacking("selectors", name, audience)
        entry = feature("selectors", name)
        if entry and is_new(entry, audience) and "," in re.sub(r"\([^()]*\)", "", selector):
            yield f"`{name}` takes the rest of its list with it: {selector}"


def _declarations(rule: _Rule, guards: str, audience: str) -> Iterator[str]:
    known: set[str] = set()  # properties that this rule has given a value that old browsers take
    for name, value in rule.declarations:
        if name.startswith("--"):
            continue
        entry = feature("properties", name)
        if entry is not None and len(entry) > 2:
            continue
        is_asked = re.search(rf"\({re.escape(name)}\s*:", guards)
        wanted = [] if is_asked else lacking("properties", name, audience)
        for part in _parts(value):
            if name not in known and not _is_guarded(part, name, guards):
                wanted += lacking("values", part, audience)
        if not wanted:
            known.add(name)
        yield from wanted


def _is_guarded(part: str, name: str, guards: str) -> bool:
    return bool(re.search(rf"\({re.escape(name)}\s*:\s*[^)]*{re.escape(part)}", guards))


def _parts(value: str) -> Iterator[str]:
    """The keywords, functions and units of a value."""
    value = re.sub(r'"[^"]*"|url\([^)]*\)|#[0-9a-fA-F]{3,8}\b|--[\w-]+', " ", value)
    for unit in re.findall(r"(?<![\w-])[-+]?[\d.]+([a-zA-Z%]*)", value):
        if unit:
            yield unit
    yield from re.findall(r"(?<![\w.#-])(-?[a-zA-Z][\w-]*\(?)", value)
    if re.search(r"\b(rgb|hsl)a?\([^,)]*\)", value):
        yield "rgb(0 0 0)"


def _gaps(rules: list[_Rule]) -> Iterator[str]:
    """Flex boxes got gaps late, and nothing can ask for that: in old browsers their words run into one another."""
    spaced = {
        selector.strip().removesuffix("> *").strip()
        for rule in rules
        if any(re.match(r"@supports not \(inset:", at) for at in rule.around)
        for selector in rule.selector.split(",")
    }
    for rule in rules:
        given = dict(rule.declarations)
        if "gap" in given and given.get("display") != "grid":
            for selector in rule.selector.split(","):
                if selector.strip() not in spaced:
                    yield f"`gap` of {selector.strip()}: margins for its parts in `@supports not (inset: 0)`"
