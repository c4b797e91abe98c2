"""Every text that people see stands in the catalogues, whole in Vietnamese and French."""

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

LOCALE = Path("lachan/locale")
KEYWORDS = {
    "_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
# Names that are the same in every language.
SAME_EVERYWHERE = {
    "Lá Chắn", "Tiếng Việt", "Français", "English", "API", "DNS", "JSON", "TLP", "URL", "E-mail", "SHA-256",
}  # fmt: skip


def _sources():
    for path in sorted(Path("lachan").rglob("*")):
        if "tests" in path.parts or "locale" in path.parts:
            continue
        if path.suffix == ".py":
            yield path, path.read_bytes()
        elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
            yield path, templatize(path.read_text(encoding="utf-8")).encode()


def _wanted():
    wanted = {}
    for path, source in _sources():
        for _line, message, _comments, context in extract(
            "python", io.BytesIO(source), keywords=KEYWORDS, options={"encoding": "utf-8"}
        ):
            if message and message != ("", ""):
                wanted[(context, message if isinstance(message, str) else message[0])] = path
    return wanted


def _catalogue(language):
    known, twice = {}, []
    for path in sorted((LOCALE / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if not message.id:
                    continue
                first = message.id if isinstance(message.id, str) else message.id[0]
                key = (message.context, first)
                texts = [message.string] if isinstance(message.string, str) else message.string
                if key in known and known[key] != texts:
                    twice.append(f"{path.name}: {first}")
                known[key] = texts
    return known, twice


WANTED = _wanted()


@pytest.mark.parametrize("language", ["vi", "fr"])
def test_it_is_whole_in_every_language(language):
    known, twice = _catalogue(language)
    missing = [f"{p}: {k[1]!r}" for k, p in WANTED.items() if not all(known.get(k) or [""])]
    assert missing == []
    assert twice == [], "one text, two translations"


@pytest.mark.parametrize("language", ["vi", "fr"])
def test_it_keeps_no_text_that_nobody_shows(language):
    known, _ = _catalogue(language)
    assert [key[1] for key in known if key not in WANTED] == []


@pytest.mark.parametrize("language", ["vi", "fr"])
def test_its_translations_keep_the_places_to_fill_in(language):
    known, _ = _catalogue(language)
    place = re.compile(r"%\(\w+\)[sd]|\{\w*\}")
    wrong = [
        key[1]
        for key, texts in known.items()
        for text in texts
        if set(place.findall(text)) != set(place.findall(key[1])) and len(texts) == 1
    ]
    assert wrong == []


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
