"""What is given back knows which fields are typed by their names, so the names of all forms keep to it."""

import importlib
import re
from pathlib import Path

import pytest
from django import forms

from lachan.web.givenback import CHOSEN, SECRET, is_chosen
from lachan.web.sent import MACHINERY

FIELD = re.compile(r"<(input|textarea|select|button)\b([^>]*)")
FILLED_IN = {"hidden", "radio", "checkbox", "submit"}
# Typed in one form and chosen in another: they count as typed.
EITHER = {"reason", "answer", "address", "site"}


def of_pages():
    for path in sorted(Path("lachan").glob("*/templates/**/*.html")):
        text = path.read_text("utf-8").replace("{{ forloop.counter }}", "1")
        for element, rest in FIELD.findall(text):
            name = re.search(r'\bname="([^"{]+)"', rest)
            kind = re.search(r'\btype="(\w+)"', rest)
            if name:
                typed = element in {"textarea", "input"}
                yield name[1], typed and not (kind and kind[1] in FILLED_IN)


def of_forms():
    for path in sorted(Path("lachan").glob("*/forms.py")):
        module = importlib.import_module(".".join(path.with_suffix("").parts))
        for form in vars(module).values():
            if isinstance(form, type) and issubclass(form, forms.Form):
                for name, field in form.base_fields.items():
                    chosen = forms.ChoiceField | forms.BooleanField | forms.MultipleChoiceField
                    is_hidden = isinstance(field.widget, forms.HiddenInput)
                    yield name, not isinstance(field, chosen) and not is_hidden


FIELDS = {f for f in {*of_pages(), *of_forms()} if f[0] not in MACHINERY | SECRET | EITHER}
# The intake's form is written by its page; its class takes all as it comes.
FIELDS -= {(name, True) for name in ("about", "form", "province", "work")}


@pytest.mark.parametrize(("name", "typed"), sorted(FIELDS))
def test_it_knows_by_its_name_whether_a_field_is_typed(name, typed):
    assert is_chosen(name) is not typed


def test_it_names_no_field_that_no_form_has():
    made_anew = {"roles"}  # by a function, for who asks
    assert {name for name, _ in [*of_pages(), *of_forms()]} | made_anew >= CHOSEN
