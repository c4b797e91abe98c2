"""The texts that people see, for the tests that hold them to docs/words.md: catalogues, data, templates."""

import io
import json
import re
from functools import cache
from importlib import import_module
from pathlib import Path

from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.utils import translation
from django.utils.translation.template import templatize

LOCALE = Path("lachan/locale")
KEYWORDS = {
    "_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
# Code whose every text stands on a page that a child can reach; templates tell it by what they extend.
_PUBLIC_CODE = {
    "lachan/reports/forms.py", "lachan/reports/views/public.py", "lachan/reports/views/inbox.py",
    "lachan/indicators/views/public.py",
    "lachan/shield/views.py", "lachan/shield/advice.py", "lachan/web/problems.py",
    "lachan/reports/status.py", "lachan/shield/status.py",
    *(str(path) for path in Path("lachan/family").rglob("*.py")),
}  # fmt: skip
_SHARED_CODE = {"lachan/web/problems.py"}
_PUBLIC_SHELL = re.compile(r'extends "(?:web/public|reports/_inbox)\.html"')
# What French sets apart with a space that does not break, each where that space is missing; a colon of an
# address, of a time or of a TLP stands close.
FRENCH_SPACES = [
    r"(?<![\u00a0\u202f])[?!;»]",
    r"(?<![\u00a0\u202f]):(?=\s|$)",
    r"«(?![\u00a0\u202f])",
    r"\d \d{3}\b|\d (?=h/|%)",
]
_INCLUDED = re.compile(r'include "([^"]+)"')
_PUBLIC_DATA = {"lachan/reports/data/categories.json", "lachan/country/vn/help_lines.json"}


def extracted(path, source):
    """(context, key) of every text in a source."""
    for _line, message, _comments, context in extract(
        "python", io.BytesIO(source), keywords=KEYWORDS, options={"encoding": "utf-8"}
    ):
        if message and message != ("", ""):
            yield context, message if isinstance(message, str) else message[0]


def template_source(path):
    """A template as Python that asks for its texts; its own indentation would mean something there."""
    source = templatize(path.read_text(encoding="utf-8"))
    return "\n".join(line.lstrip() for line in source.split("\n")).encode()


@cache
def wanted():
    """Where each text of code and templates stands: {(context, key): {path, …}}."""
    found = {}
    for path in sorted(Path("lachan").rglob("*")):
        if "tests" in path.parts or "locale" in path.parts:
            continue
        if path.suffix == ".py":
            source = path.read_bytes()
        elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
            source = template_source(path)
        else:
            continue
        for key in extracted(path, source):
            found.setdefault(key, set()).add(str(path))
    return found


@cache
def messages(language):
    """(file name, message) of every entry of a language's catalogues."""
    found = []
    for path in sorted((LOCALE / language).glob("*.po")):
        with path.open("rb") as file:
            found += [(path.name, m) for m in read_po(file, locale=language) if m.id]
    return found


def key_of(message):
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def texts_of(message):
    return [message.string] if isinstance(message.string, str) else list(message.string)


def data_texts(language):
    """(file, text) of everything in the rooms' data that is given in several languages."""
    for path in sorted(
        [
            *Path("lachan").glob("**/data/**/*.json"),
            *Path("lachan/country").glob("*/*.json"),
            *Path("lachan/formats").rglob("words.json"),
        ]
    ):
        if "tests" not in path.parts:
            yield from (
                (str(path), text) for text in _said(json.loads(path.read_text("utf-8")), language)
            )


def _said(value, language):
    if isinstance(value, dict):
        if set(value) >= {"vi", "en"}:
            yield value.get(language, "")
        else:
            for inner in value.values():
                yield from _said(inner, language)
    elif isinstance(value, list):
        for inner in value:
            yield from _said(inner, language)


def all_texts(language):
    """(where, text) of catalogues and data."""
    for name, message in messages(language):
        for text in texts_of(message):
            yield f"{name}: {key_of(message)[1]}", text
    yield from data_texts(language)


@cache
def templates():
    """{name as Django knows it: path} of our own templates."""
    return {
        str(path).split("/templates/")[1]: path
        for path in Path("lachan").rglob("templates/**/*.html")
    }


@cache
def public_templates():
    """Paths of the templates of public pages, with what they include."""
    queue = ["web/public.html", "web/base.html", "web/error.html"]
    queue += [name for name, path in templates().items() if _PUBLIC_SHELL.search(path.read_text())]
    found = set()
    while queue:
        path = templates()[queue.pop()]
        if str(path) not in found:
            found.add(str(path))
            queue += _INCLUDED.findall(path.read_text())
    return frozenset(found)


@cache
def _told_by_public_forms():
    forms, labels = (import_module(f"lachan.indicators.{name}") for name in ("forms", "labels"))
    fields = forms.PublicDisputeForm.base_fields.values()
    said = [part for f in fields for part in (f.label, f.help_text)]
    said += [*labels.DISPUTE_REASONS.values(), *labels.OUTCOMES.values()]
    with translation.override("en"):
        return frozenset(str(text) for text in said)


def audience(message):
    """Who reads an entry: "public", "staff" or "both"."""
    context, key = key_of(message)
    places = wanted().get((context, key), set())
    is_public = places & (public_templates() | _PUBLIC_CODE) or key in _told_by_public_forms()
    is_staff = places - public_templates() - _PUBLIC_CODE or places & _SHARED_CODE
    # Words of Django's own forms; and what the shell of every page says.
    if not places or any("/web/templates/web/base" in place for place in places):
        return "both"
    if is_public:
        return "both" if is_staff and key not in _told_by_public_forms() else "public"
    return "staff"


def public_data_texts(language):
    return [text for path, text in data_texts(language) if path in _PUBLIC_DATA]
