import re
from pathlib import Path

import pytest
from django import forms
from django.http import HttpResponse
from django.template import engines
from django.urls import path

from lachan.config import urls
from lachan.members.policy import public
from lachan.web.fields import DayField
from lachan.web.pages import page_of
from tests.chromium import assert_accessible, look

_WIDTHS = (360, 768, 1280)
_SHEET = Path("lachan/web/static/web/lachan.css")


class _Form(forms.Form):
    name = forms.CharField(label="Name", help_text="As it is written.")
    day = DayField(label="Day")
    kind = forms.ChoiceField(label="Kind", choices=[("a", "One"), ("b", "Another")])
    words = forms.CharField(label="Words", widget=forms.Textarea, required=False)
    ticks = forms.MultipleChoiceField(
        label="Ticks", choices=[("a", "One"), ("b", "Two")], widget=forms.CheckboxSelectMultiple
    )


@public
def components(request):
    source = Path(__file__).with_name("components.html").read_text(encoding="utf-8")
    shown = {
        "form": _Form({"name": "", "kind": "c", "day": "never"}),
        "page": page_of(request, range(30), 10),
        "long": "0123456789abcdef" * 4,
    }
    return HttpResponse(engines["django"].from_string(source).render(shown, request))


urlpatterns = [*urls.urlpatterns, path("components/", components)]


@pytest.mark.browser
def test_it_shows_every_component_at_three_widths(live_server, settings, desk):
    settings.ROOT_URLCONF = __name__
    desk.goto(f"{live_server.url}/components/?page=2")
    for width in _WIDTHS:
        desk.set_viewport_size({"width": width, "height": 900})
        assert_accessible(desk)
        look(desk, "components")
    sheet = re.sub(
        r"/\*.*?\*/|\{[^{}]*\}", " ", _SHEET.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    classes = set(re.findall(r"\.([a-z][\w-]*)", sheet))
    assert len(classes) > 40
    assert [name for name in sorted(classes) if not desk.locator(f".{name}").count()] == []
