"""Every text that people see stands in the catalogues, whole in Vietnamese and French."""

import ast
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import django
import pytest

from lachan.kernel.country import country_codes, country_named
from lachan.members.audit import audit_words
from lachan.members.records import AuditAction
from tests.texts import (
    data_texts,
    extracted,
    key_of,
    messages,
    texts_of,
    wanted,
)

# Names that are the same in every language.
SAME_EVERYWHERE = {
    "Lá Chắn", "Tiếng Việt", "Français", "English", "API", "DNS", "JSON", "TLP", "URL", "E-mail", "SHA-256",
}  # fmt: skip


# What these say of somebody's input is left out on purpose: it would only repeat it, or in English.
LEFT_OUT = {
    "Select a valid choice. %(value)s is not one of the available choices.",
    "The password is too similar to the %(verbose_name)s.",
}
PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


@cache
def _of_django():
    """The texts of the forms and passwords of Django, which our catalogues may say in our own words."""
    root = Path(django.__file__).parent
    names = ("forms/fields.py", "core/validators.py", "contrib/auth/password_validation.py")
    return {key for name in names for key in extracted(root / name, (root / name).read_bytes())}


def _catalogue(language):
    known, twice = {}, []
    for name, message in messages(language):
        key, texts = key_of(message), texts_of(message)
        if known.get(key, texts) != texts:
            twice.append(f"{name}: {key[1]}")
        known[key] = texts
    return known, twice


@pytest.mark.parametrize("language", ["vi", "fr"])
def test_it_is_whole_in_every_language(language):
    known, twice = _catalogue(language)
    missing = [f"{p}: {k[1]!r}" for k, p in wanted().items() if not all(known.get(k) or [""])]
    assert missing == []
    assert twice == [], "one text, two translations"
    assert [path for path, text in data_texts(language) if not text] == []


@pytest.mark.parametrize("language", ["vi", "fr"])
def test_it_keeps_no_text_that_nobody_shows(language):
    known, _ = _catalogue(language)
    assert [key[1] for key in known if key not in wanted() and key not in _of_django()] == []


@pytest.mark.parametrize("language", ["vi", "fr"])
def test_its_translations_keep_the_places_to_fill_in(language):
    wrong = []
    for name, message in messages(language):
        keys = [message.id] if isinstance(message.id, str) else message.id
        allowed = {frozenset(PLACE.findall(key)) for key in keys}
        if keys[0] in LEFT_OUT:
            allowed.add(frozenset())
        wrong += [
            f"{name}: {text}"
            for text in texts_of(message)
            # A percent sign is written twice where there is a place to fill in, and is none itself.
            if frozenset(PLACE.findall(text.replace("%%", ""))) not in allowed
        ]
    assert wrong == []


@pytest.mark.parametrize(("language", "forms"), [("vi", 1), ("fr", 2)])
def test_it_has_every_plural_of_the_language(language, forms):
    counted = [
        (key_of(message)[1], len(texts_of(message)))
        for _, message in messages(language)
        if not isinstance(message.id, str)
    ]
    assert counted
    assert [key for key, count in counted if count != forms] == []


class _Words(HTMLParser):
    """Collects the text of a template, and the attributes that people read or hear."""

    SPOKEN = {"title", "alt", "placeholder", "aria-label", "content-label"}

    def __init__(self):
        super().__init__()
        self.found = []
        self._silent = 0

    def handle_starttag(self, tag, attrs):
        self._silent += tag in {"script", "style", "code"}
        self.found += [value for name, value in attrs if name in self.SPOKEN and value]

    def handle_endtag(self, tag):
        self._silent -= tag in {"script", "style", "code"}

    def handle_data(self, data):
        if not self._silent:
            self.found += [line.strip() for line in data.splitlines()]


def _bare_words(path):
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"{%\s*comment.*?endcomment\s*%}|{#.*?#}", "", text, flags=re.DOTALL)
    text = re.sub(r"{%\s*blocktranslate.*?endblocktranslate\s*%}", "", text, flags=re.DOTALL)
    text = re.sub(r"{%\s*block body_class\s*%}.*?{%\s*endblock\s*%}", "", text)
    text = re.sub(r"{%.*?%}|{{.*?}}", " ", text, flags=re.DOTALL)
    words = _Words()
    words.feed(text)
    for found in words.found:
        rest = re.sub(r"&\w+;", " ", found)
        for name in SAME_EVERYWHERE:
            rest = rest.replace(name, " ")
        if re.search(r"[^\W\d_]{2,}", rest):
            yield f"{path}: {found}"


def test_it_shows_no_text_from_outside_the_catalogues():
    templates = Path("lachan").rglob("templates/**/*.html")
    assert [words for path in templates for words in _bare_words(path)] == []


def test_it_has_a_name_for_every_line_of_the_trail():
    known = {f"{room.__name__}.{a.name}": a for room in AuditAction.__subclasses__() for a in room}
    used, bare = set(), []
    for path in Path("lachan").rglob("*.py"):
        if "tests" in path.parts or "audit" not in (source := path.read_text(encoding="utf-8")):
            continue
        for node in ast.walk(ast.parse(source)):
            used |= {ast.unparse(node)} if isinstance(node, ast.Attribute) else set()
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "audit_record":
                action = next(k.value for k in node.keywords if k.arg == "action")
                bare += (
                    [f"{path}: {ast.unparse(action)}"] if isinstance(action, ast.Constant) else []
                )
    assert bare == []
    assert set(known) - used == set(), "named, and never written"
    assert len(known) > 40
    assert len(audit_words()) == len(known), "one code, two names"
    assert all(a.value == a.value.lower() and a.words for a in known.values())


def _numbers_to_call():
    for country in map(country_named, country_codes()):
        yield from (row["number"] for row in country.read("help_lines"))
        yield from country.read("phones")["emergency"]


def test_it_puts_no_number_to_call_into_a_sentence():
    """They are the country's, change with it, and are filled in."""
    number = re.compile(rf"(?<![\d.,:/])(?:{'|'.join(set(_numbers_to_call()))})(?![\d/]|[.,:]\d)")
    texts = [("key", key) for _, key in wanted()]
    for language in ("vi", "fr"):
        texts += [(name, text) for name, m in messages(language) for text in texts_of(m)]
    for language in ("vi", "en", "fr"):
        texts += [
            (path, text)
            for path, text in data_texts(language)
            if not path.startswith("lachan/country/")
        ]
    assert [(where, text) for where, text in texts if number.search(text)] == []


def test_it_writes_no_number_to_call_into_a_page():
    sources = [
        *Path("lachan").rglob("templates/**/*.html"),
        *Path("lachan").rglob("static/**/*.js"),
    ]
    said = re.compile(r"(?:tel:|>\s*)(?:" + "|".join(set(_numbers_to_call())) + r")\b")
    assert [str(path) for path in sources if said.search(path.read_text("utf-8"))] == []
