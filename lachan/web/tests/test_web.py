import io
import logging

import pytest
from django.core.exceptions import RequestDataTooBig
from django.test import Client
from django.urls import path

from lachan.config import urls as product
from lachan.kernel.errors import Conflict
from lachan.web.logs import CountingHandler, PrivateFilter


def _break(request):
    raise ZeroDivisionError("a child's words")


def _conflict(request):
    raise Conflict("it moved")


urlpatterns = [*product.urlpatterns, path("break", _break), path("v1x", _conflict)]
handler404 = product.handler404
handler500 = product.handler500

HEADERS = {
    "Lachan-Answer": "1",
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/", "/nothing-here", "/static/web/lachan.css", "/v1/check?value=x.example"]
)
def test_it_sends_the_headers_with_every_answer(client, path):
    answer = client.get(path)
    for name, start in HEADERS.items():
        assert answer[name].startswith(start), name
    assert "unsafe" not in answer["Content-Security-Policy"]
    answer.close()


def test_it_lets_no_page_be_kept_by_the_browser(client):
    assert client.get("/nothing-here")["Cache-Control"] == "no-store"


@pytest.mark.urls("lachan.web.tests.test_web")
def test_it_keeps_words_and_addresses_out_of_the_log(capsys):
    client = Client(raise_request_exception=False)
    answer = client.get("/break?secret=canary")
    assert answer.status_code == 500
    assert "113" in answer.content.decode()
    # pytest takes the handlers away; what matters is the filter on what they would have written.
    record = logging.LogRecord(
        "django.request", logging.ERROR, "x", 1, "%s: %s", ("Error", "/break"), None
    )
    assert PrivateFilter().filter(record)
    assert "/break" not in record.getMessage()


@pytest.mark.django_db
def test_it_logs_no_moment_at_which_a_visitor_was_wrong(client, caplog):
    assert client.get("/nothing-here/").status_code == 404
    assert client.post("/inbox/", {"receipt": "1"}).status_code == 422
    assert not [record for record in caplog.records if record.name.startswith("django")]


def test_it_keeps_what_an_exception_says_out_of_the_log():
    try:
        raise ValueError("a child's words")  # noqa: TRY301  the point is its traceback
    except ValueError as error:
        trace = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("lachan.reports", logging.ERROR, "x", 1, "failed", (), trace)
    PrivateFilter().filter(record)
    line = logging.Formatter().format(record)
    assert "words" not in line
    assert "ValueError at test_web.py" in line


@pytest.mark.parametrize("name", ["django", "django.template", "ninja", "allauth", "py.warnings"])
def test_it_keeps_out_what_libraries_say(name):
    """Some log an exception itself, or a value in a message without arguments."""
    for message, args in ((ValueError("canary"), ()), ("canary", ()), ("%s", ("canary",))):
        record = logging.LogRecord(name, logging.ERROR, "x", 1, message, args, None, sinfo="canary")
        PrivateFilter().filter(record)
        assert "canary" not in logging.Formatter().format(record)


@pytest.fixture
def journal(settings, monkeypatch):
    """What the product's own handler writes to stderr, line by line, while a test runs."""

    class Lines(io.StringIO):
        def write(self, text):
            lines.append(text)

    handler, lines = CountingHandler(), []
    handler.addFilter(PrivateFilter())
    handler.setFormatter(logging.Formatter(settings.LOGGING["formatters"]["line"]["format"]))
    monkeypatch.setattr(handler, "stream", Lines())
    # As they reach the handler in life: pytest's own level is lower than the product's.
    handler.setLevel(logging.WARNING)
    logging.getLogger().addHandler(handler)
    yield handler, lines
    logging.getLogger().removeHandler(handler)


def _wrong_host(client):
    return client.get("/canary/", headers={"host": "canary.example"})


def _without_cookies(client):
    return Client(enforce_csrf_checks=True).post("/check/", {"value": "canary.example"})


def _too_large(client):
    return client.post("/check/", {"value": "canary" * 1_000_000})


def _too_many_fields(client):
    return client.post("/check/", {f"canary{number}": "x" for number in range(2000)})


def _wrong_method(client):
    return client.put("/healthz?canary")


def _not_there(client):
    return client.get("/canary/")


def _malformed(client):
    return client.post("/check/", b"canary", content_type="multipart/form-data; boundary=")


def _session_forged(client):
    client.cookies["sessionid"] = "canary"
    return client.get("/staff/")


def _broken(client):
    return client.get("/break?canary")


@pytest.mark.django_db
@pytest.mark.urls("lachan.web.tests.test_web")
@pytest.mark.parametrize(
    "ask",
    [_wrong_host, _without_cookies, _too_large, _too_many_fields, _wrong_method, _not_there, _malformed, _session_forged, _broken],
)  # fmt: skip
@pytest.mark.parametrize("serving", [True, False])
def test_it_writes_no_line_at_the_moment_of_a_visit(journal, monkeypatch, ask, serving):
    handler, lines = journal
    monkeypatch.setattr(CountingHandler, "serving", serving)
    assert ask(Client(raise_request_exception=False)).status_code >= 302
    assert lines == []
    handler.tally.flush()
    assert "canary" not in "".join(lines)
    assert not any("/check/" in line or "/break" in line for line in lines)


@pytest.mark.django_db
@pytest.mark.urls("lachan.web.tests.test_web")
def test_it_says_once_an_hour_what_broke(journal):
    handler, lines = journal
    client = Client(raise_request_exception=False)
    for _ in range(3):
        _broken(client)
    handler.tally.flush()
    text = "".join(lines)
    assert "3 in the last hour: ERROR django.request: request failed: 500 [ZeroDivisionError at" in text  # fmt: skip


def test_it_writes_at_once_what_no_visitor_causes(journal):
    _, lines = journal
    logging.getLogger("lachan.shield.follower").warning("the ledger does not answer")
    assert "the ledger does not answer" in "".join(lines)


@pytest.mark.urls("lachan.web.tests.test_web")
def test_it_gives_people_a_page_when_somebody_was_faster(client):
    answer = client.get("/v1x")
    assert answer.status_code == 409
    assert "Có người đã làm trước" in answer.content.decode()


def test_it_is_vietnamese_until_another_language_is_chosen(client):
    assert 'lang="vi"' in client.get("/x", headers={"Accept-Language": "en-US"}).content.decode()
    client.post("/language", {"language": "fr", "next": "/x"})
    assert "Il n’y a rien ici" in client.get("/x").content.decode()


@pytest.mark.django_db
def test_another_language_keeps_what_the_address_says(client):
    page = client.get("/dispute/?value=xau.example").content.decode()
    assert 'name="next" value="/dispute/?value=xau.example"' in page


def test_it_sends_nobody_elsewhere_after_a_choice_of_language(client):
    answer = client.post("/language", {"language": "vi", "next": "https://evil.example/"})
    assert answer["Location"] == "/"


@pytest.mark.parametrize("language", ["../../x", "de", ""])
def test_it_ignores_a_language_it_does_not_speak(client, language):
    answer = client.post("/language", {"language": language})
    assert "lang" not in answer.cookies


def test_it_refuses_a_form_without_its_token():
    answer = Client(enforce_csrf_checks=True).post("/check/", {"value": "x.example"})
    assert answer.status_code == 403


def test_it_refuses_a_form_of_ten_megabytes_in_plain_words(client):
    answer = client.post("/check/", {"value": "x" * 10_000_000})
    assert answer.status_code == 400
    assert "Thông tin gửi đến bị thiếu" in answer.content.decode()
    assert RequestDataTooBig  # what Django raises inside


def test_it_says_so_where_too_many_wait(client):
    page = client.post("/staff/sign-in/", **{"lachan.crowded": True})
    assert page.status_code == 503
    assert "113" in page.content.decode()
    answer = client.get("/v1/lists", **{"lachan.crowded": True})
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    # Nobody says it of himself.
    assert client.get("/", headers={"lachan.crowded": "1"}).status_code == 200


def test_it_takes_no_file(client, settings):
    assert settings.FILE_UPLOAD_HANDLERS == []


def test_it_answers_the_supervisor(client):
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "way"), [("/language", None), ("/staff/sign-out/", None), ("/inbox/close/", "/inbox/")]
)
@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("vi", "Đường link này chỉ dùng cho nút bấm"),
        ("en", "This address is only for a button"),
        ("fr", "Ce lien ne sert qu’à un bouton"),
    ],
)
def test_it_says_in_words_that_a_typed_address_is_a_button_s(client, path, way, language, title):
    client.cookies["lang"] = language
    answer = client.get(path)
    page = answer.content.decode()
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert f"<h1>{title}</h1>" in page
    assert ('href="/inbox/"' in page) is (way == "/inbox/")
    assert 'href="/"' in page


@pytest.mark.django_db
def test_it_says_to_machines_which_method_an_address_takes(client):
    answer = client.put("/v1/check")
    assert (answer.status_code, answer["Allow"]) == (405, "GET")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "wrong-method"


@pytest.mark.django_db
def test_it_says_in_words_that_a_page_takes_no_form(client):
    answer = client.post("/status/", {"words": "a"})
    assert answer.status_code == 405
    assert "<h1>" in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/report/", "/check/", "/status/", "/healthz", "/inbox/"])
def test_it_answers_whoever_asks_for_the_head_alone(client, path):
    assert client.head(path).status_code == client.get(path).status_code
