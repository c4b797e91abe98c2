"""What people get to read, page by page: no English on a Vietnamese or a French page, wherever it comes from.

Every page is asked as it stands and with an empty form, so that what a form says of its faults, in the words of
Django too, is read as well.
"""

import re
from copy import deepcopy
from html.parser import HTMLParser
from itertools import product

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from django.utils import translation

from lachan.members.models import Person
from lachan.members.records import Role
from tests.architecture.test_walk import PAGES, _address, _samples
from tests.personas import Personas
from tests.texts import FRENCH_SPACES, key_of, messages, texts_of
from tools.places_vn import old_style

pytestmark = pytest.mark.django_db
# Words that no Vietnamese or French text has, and hardly an English one is without.
ENGLISH = re.compile(
    r"\b(the|and|is|are|was|of|your?|with|not|this|that|has|have|it|by|from|for|please|must|enter|"
    r"field|required|value|valid|ensure|select|choice)\b",
    re.IGNORECASE,
)
# What is the same in every language, or names a thing that is called so.
SAME = re.compile(r"hosts|Enter\b|Esc\b|Google Authenticator|JSON|[\w.+-]+\.(?:example|test)\S*")


class _Shown(HTMLParser):
    """The text of a page that is read in its language, and the attributes that are."""

    SPOKEN = {"title", "alt", "placeholder", "aria-label", "content", "data-busy", "data-done"}
    SILENT = {"script", "style", "code", "kbd", "textarea"}
    VOID = {"input", "img", "br", "meta", "link", "hr", "use", "rect", "path"}

    def __init__(self, language):
        super().__init__()
        self.language, self.found, self._open = language, [], []

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        is_other = facts.get("lang", self.language) != self.language
        is_code = "mono" in (facts.get("class") or "").split() or facts.get("translate") == "no"
        if tag not in self.VOID:
            self._open.append((tag, tag in self.SILENT or is_other or is_code))
        # Where a page leads by itself is an address, not a text.
        if (
            "http-equiv" not in facts
            and facts.get("name") not in {"viewport", "color-scheme"}
            and not self._is_silent()
        ):
            self.found += [v for name, v in attrs if name in self.SPOKEN and v]

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if not self._is_silent() and data.strip():
            self.found.append(re.sub(r"[ \t\r\n]+", " ", data).strip(" "))

    def _is_silent(self):
        return any(silent for _, silent in self._open)


@pytest.fixture(scope="module")
def keys():
    """Whole English texts, by language, that the language says otherwise."""
    found = {}
    for language in ("vi", "fr"):
        said = {key_of(m)[1] for _, m in messages(language) if key_of(m)[1] not in texts_of(m)}
        also = {text for _, m in messages(language) for text in texts_of(m)}
        found[language] = {key for key in said if len(key) > 3} - also
    return found


def _faulty(html, language, keys):
    """What is English still, or what templates and code put together against the language's own marks."""
    page = _Shown(language)
    page.feed(html)
    for text in page.found:
        rest = SAME.sub(" ", text)
        if text in keys or ENGLISH.search(rest):
            yield text
        if language == "fr" and any(re.search(rule, text) for rule in FRENCH_SPACES):
            yield text
        if language == "vi" and old_style(text) != text:
            yield text


@pytest.fixture(scope="module")
def browsers(django_db_setup, django_db_blocker):
    """A stranger, and somebody who may do everything; and real things to look at."""
    with django_db_blocker.unblock(), transaction.atomic():
        personas = Personas()
        samples = _samples(personas)
        clients = [Client(), personas.with_roles(*Role).client()]
        # The personas are called after their roles.
        yield clients, samples, set(Person.objects.values_list("name", flat=True))
        transaction.set_rollback(True)


def _asked(client, method, address, language):
    """The page that answers, empty where it is none; whatever asking changed is undone."""
    kept = deepcopy(client.cookies)
    client.cookies["lang"] = language
    with transaction.atomic():
        answer = client.generic(method, address)
        transaction.set_rollback(True)
    client.cookies = kept
    is_page = answer.headers.get("Content-Type", "").startswith("text/html")
    return answer.content.decode() if is_page and not answer.streaming else ""


@pytest.mark.parametrize(("where", "pattern"), PAGES, ids=[where for where, _ in PAGES])
def test_it_speaks_the_language_of_the_page(browsers, keys, where, pattern):
    clients, samples, names = browsers
    address, _ = _address(where, pattern, samples)
    wrong = []
    for client, method in product(clients, ("GET", "POST")):
        for language in ("vi", "fr"):
            html = _asked(client, method, address, language)
            if not html:
                break  # what is no page in one language is none in the other
            wrong += [
                (language, method, text) for text in _faulty(html, language, keys[language] - names)
            ]
    assert wrong == []


def _form_classes(kind=forms.Form):
    for each in kind.__subclasses__():
        if each.__module__.startswith("lachan."):
            yield each
        yield from _form_classes(each)


_COUNTED = {"limit_value": 3, "show_value": 5, "value": "x"}


def _faults(field):
    """Every message that a field can answer with, in the language of the moment."""
    yield from map(str, field.error_messages.values())
    for validator in field.validators:
        yield str(validator.message % _COUNTED)


@pytest.mark.parametrize("language", ["vi", "fr"])
def test_it_says_every_fault_of_a_form_in_its_own_words(language):
    texts = [text for name, m in messages(language) if name == "django.po" for text in texts_of(m)]
    ours = {text % _COUNTED for text in texts if "%d" not in text and "verbose" not in text} | set(
        texts
    )
    ours |= {text for _, m in messages(language) for text in texts_of(m)}
    theirs = set()
    for form in _form_classes():
        for name, field in form.base_fields.items():
            with translation.override(language):
                theirs |= {(form.__name__, name, said) for said in _faults(field)}
    assert len(theirs) > 60
    assert [fault for fault in theirs if fault[2] not in ours] == []


@pytest.mark.parametrize("language", ["vi", "fr"])
def test_it_says_every_fault_of_a_password_in_its_own_words(language):
    from django.contrib.auth.password_validation import validate_password

    ours = {text for _, message in messages(language) for text in texts_of(message)}
    person = Person(email="lan.nguyen@desk.example", name="Nguyễn Thị Lan Hương")
    said = set()
    with translation.override(language):
        for password in ("short", "password1234", "lan.nguyen@desk.example"):
            try:
                validate_password(password, person)
            except ValidationError as error:
                said |= set(error.messages)
    assert len(said) >= 2
    assert [text for text in said if text not in {o.replace("%d", "12") for o in ours}] == []
