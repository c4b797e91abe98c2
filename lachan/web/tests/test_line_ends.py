"""What is typed is what arrives: one character a line end, however a browser sends it."""

import pytest
from django.core.exceptions import RequestDataTooBig
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from lachan.web.middleware import LineEndsMiddleware

MULTIPART = "multipart/form-data; boundary=x"
AS_TYPED = st.text(st.sampled_from("ab \nệ\t"), max_size=30)


def seen(request):
    return LineEndsMiddleware(lambda request: request.POST)(request)


@given(typed=AS_TYPED, end=st.sampled_from(["\r\n", "\r", "\n"]))
@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
def test_it_gives_each_form_as_it_was_typed(kind, typed, end):
    sent = {"words": typed.replace("\n", end), "more": ["a", f"b{end}c"]}
    form = RequestFactory()
    if kind == "multipart":
        request = form.post("/", sent)
    else:
        from urllib.parse import urlencode

        request = form.post("/", urlencode(sent, doseq=True), "application/x-www-form-urlencoded")
    data = seen(request)
    assert data["words"] == typed
    assert data.getlist("more") == ["a", "b\nc"]


def test_it_reads_nothing_before_the_view_does(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    request = RequestFactory().post("/", {"words": "x" * 200})
    with pytest.raises(RequestDataTooBig):
        seen(request)


def test_it_leaves_what_is_no_form_alone():
    request = RequestFactory().post("/", b'{"a": "b\\r\\nc"}', content_type="application/json")
    assert LineEndsMiddleware(lambda request: request.body)(request) == b'{"a": "b\\r\\nc"}'
