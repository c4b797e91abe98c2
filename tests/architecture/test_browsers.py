"""Scripts, styles and pages ask no more of a browser than the oldest one that is meant has."""

import re
from pathlib import Path

import pytest

from tests.compat.features import table
from tests.compat.served import faults, served

SCRIPT, STYLE = Path("a.js"), Path("a.css")
SERVED = served()
PAGES = [
    path
    for path in sorted(Path("lachan").glob("*/templates/**/*.html"))
    if '{% extends "web/desk.html" %}' not in path.read_text("utf-8")
]


@pytest.mark.parametrize("path", SERVED, ids=str)
def test_it_asks_no_more_than_the_oldest_browsers_have(path):
    assert faults(path, SERVED[path]) == []


def test_it_takes_for_public_whatever_a_page_of_the_public_names():
    public = {path.name for path, audience in SERVED.items() if audience == "public"}
    assert public >= {"lachan.css", "leave.js", "send.js", "intake.js", "receipt.js", "work.js"}
    assert "pdq.js" not in public


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_it_makes_public_pages_of_what_old_browsers_know(page):
    text = page.read_text("utf-8")
    assert [
        s for s in re.findall(r"<script[^>]*>", text) if not s.startswith("<script defer src=")
    ] == []
    elements = set(re.findall(r"<([a-z]+)[\s>]", text)) & set(table()["elements"])
    floor = table()["floors"]["public"]
    since = table()["elements"]
    assert [e for e in elements if since[e] > [floor["chrome"], floor["safari"]]] == []


@pytest.mark.parametrize(
    "source",
    [
        "const a = document?.title;",
        "document.title ??= '';",
        "const f = (a, b = 1,) => a ** b;",
        "async function f() {}",
        "try { print(); } catch { }",
        "const a = { ...document };",
        "const { a, ...rest } = document;",
        "class A { a = 1; }",
        "class A { constructor() { this.a = 1; } b; }",
        "class A { #a() {} }",
        "class A { static { print(); } }",
        "const n = 1_000;",
        "const n = 10n;",
        "'a'.replace(/(?<=a)b/, '');",
        "'a'.replace(/a/s, '');",
        "import a from './a.js';",
        "export const a = 1;",
        "new Worker('a', { type: \"module\" });",
        "document.body.replaceChildren();",
        "'a'.split('').at(-1);",
        "const at = 1; 'a'.split('').at(-1);",
        "structuredClone(1);",
        "AbortSignal.timeout(1);",
        "addEventListener('submit', (event) => event.submitter);",
        "document.startViewTransition(print);",
        "scheduler.postTask(print);",
        "`${document.body.a?.b}`",
    ],
)
def test_it_finds_in_a_script_what_old_browsers_lack(source):
    assert faults(SCRIPT, "public", source)


@pytest.mark.parametrize(
    "source",
    [
        "(() => { const [a, b = 1] = 'ab'.split(''); let c = a; c += `${b}`; print(c); })();",
        "function f({ a, b }) { return { a, b: a ? .5 : b }; } f({});",
        "class A { constructor(a) { this.own = a; } get() { return this.own; } } new A(1).get();",
        "for (const a of document.querySelectorAll('a')) if (a.href) print();",
        "// a?.b ?? c\nconst s = 'a?.b'; /a??b/.test(s);",
    ],
)
def test_it_lets_a_script_use_what_they_have(source):
    assert faults(SCRIPT, "public", source) == []


@pytest.mark.parametrize(
    "source",
    [
        "a { height: 100dvh; }",
        "a { inset: 0; }",
        "a { margin-inline: auto; }",
        "a { aspect-ratio: 1; }",
        "a { color: color-mix(in srgb, red, blue); }",
        "a { width: min(100%, 3rem); }",
        "a { overflow-wrap: anywhere; }",
        "a { position: sticky; }",
        "a { display: flex; gap: 1rem; }",
        "a:has(b) { color: black; }",
        "a:is(b, c) { color: black; }",
        "a:not(b, c) { color: black; }",
        "a:focus-visible, a:focus { color: black; }",
        "a { color: black; b { color: white; } }",
        "@layer a { a { color: black; } }",
        "@container (min-width: 3rem) { a { color: black; } }",
        "@media (width >= 30rem) { a { color: black; } }",
        "@supports not selector(:has(*)) { a:has(b) { color: black; } }",
        "@supports (display: grid) { a { inset: 0; } }",
        "a { color: rgb(0 0 0 / .5); }",
        "a { anchor-name: --b; }",
    ],
)
def test_it_finds_in_a_style_what_old_browsers_lack(source):
    assert faults(STYLE, "public", source)


@pytest.mark.parametrize(
    "source",
    [
        "a { position: -webkit-sticky; position: sticky; overflow-wrap: break-word; overflow-wrap: anywhere; }",
        "@supports selector(:has(*)) { a:has(b) { color: black; } }",
        "@supports (inset: 0) { a { inset: 0; } }",
        "a:focus-visible { outline: 3px solid black; }",
        "a { display: flex; gap: 1rem; } @supports not (inset: 0) { a > * { margin: 1rem; } }",
        "@media (prefers-color-scheme: dark) { :root { --a: #fff; } a { color: var(--a); } }",
    ],
)
def test_it_lets_a_style_use_what_they_have(source):
    assert faults(STYLE, "public", source) == []


def test_it_says_which_browsers_are_meant():
    text = Path("docs/howto/browsers.md").read_text("utf-8")
    for floor in table()["floors"].values():
        assert f"Chrome {floor['chrome']}" in text
        assert f"Safari {floor['safari']}" in text
