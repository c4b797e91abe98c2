"""Words for requests that no view ever sees."""

import itertools
import json

import pytest
from django.conf import settings
from django.test import Client

from lachan.web.middleware import OURS
from lachan.web.refused import STATUSES, Refusals


@pytest.fixture(scope="module")
def refusals():
    return Refusals()


TITLES = {
    400: {"vi": "Thông tin gửi đến bị thiếu", "en": "That did not arrive whole", "fr": "L’envoi est incomplet"},
    408: {"vi": "Nội dung chưa được gửi", "en": "It has not been sent yet", "fr": "Ce n’est pas encore envoyé"},
    500: {"vi": "Hệ thống đang gặp lỗi", "en": "Something broke on our side", "fr": "Une erreur s’est produite chez nous"},
    503: {"vi": "Một phần của hệ thống đang tạm nghỉ", "en": "A part is resting", "fr": "Un service est en pause"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "language"), list(itertools.product(STATUSES, ["vi", "en", "fr"]))
)
def test_it_has_words_in_every_language_and_a_way_back(refusals, status, language):
    cookies = f"sessionid=secret; {settings.LANGUAGE_COOKIE_NAME}={language}"
    headers, body = refusals.find(status, "/report/", "POST", cookies)
    page, told = body.decode(), dict(headers)
    assert TITLES[status][language] in page
    assert f'<html lang="{language}"' in page
    assert 'href="/"' in page
    assert "tel:111" in page, "whom to call meanwhile stands on every page"
    assert "secret" not in page
    assert told["content-type"] == "text/html; charset=utf-8"
    assert told["cache-control"] == "no-store"
    assert "content-security-policy" in told
    again = {"vi": "tải lại trang này", "en": "Reload this page", "fr": "Recharger cette page"}
    assert again[language] in page
    assert again[language] not in refusals.find(status, "/", "GET", cookies)[1].decode()


def test_it_keeps_the_words_in_the_form_where_the_line_was_too_slow(refusals):
    """`web/send.js` stays on the form after an answer that is not ours, or one from 500 on."""
    told = {status: dict(refusals.find(status, "/report/", "POST", "")[0]) for status in STATUSES}
    assert OURS not in told[408]
    assert told[503][OURS.lower()] == told[500][OURS.lower()] == "1"
    assert told[503]["retry-after"] == "30"


@pytest.mark.parametrize(
    ("status", "code"), [(400, "error"), (408, "too-slow"), (500, "internal"), (503, "unavailable")]
)
def test_it_tells_machines_so_in_their_own_form(refusals, status, code):
    headers, body = refusals.find(status, "/v1/disputes", "PUT", "lang=fr")
    assert dict(headers)["content-type"] == "application/problem+json"
    said = json.loads(body)
    assert (said["status"], said["code"]) == (status, code)


@pytest.mark.parametrize(
    "cookies", ["", "lang=xx", "slang=", "=", "lang", ";;;", "lang=" + "a" * 9000]
)
def test_it_speaks_the_country_s_language_to_who_has_chosen_none(refusals, cookies):
    assert b'<html lang="vi"' in refusals.find(503, "/", "GET", cookies)[1]


MACHINES = {
    "no such address": (404, "not-found", lambda c: c.get("/v1/nothing-here")),
    "no text": (404, "not-found", lambda c: c.get("/v1/%ff%fe")),
    "method": (405, "wrong-method", lambda c: c.put("/v1/lists")),
    "no method": (405, "wrong-method", lambda c: c.generic("BREW", "/v1/lists")),
    "host": (400, "error", lambda c: c.get("/v1/lists", headers={"host": "elsewhere.example"})),
}


@pytest.mark.parametrize("name", MACHINES)
def test_it_answers_machines_as_documented_whoever_refuses(client, name):
    status, code, ask = MACHINES[name]
    answer = ask(client)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["code"] == code
    assert status != 405 or answer["Allow"]


@pytest.mark.parametrize("address", ["/language", "/inbox/leave/", "/staff/sign-out/"])
def test_it_has_words_for_who_opens_what_only_takes_forms(client, address):
    answer = client.get(address)
    assert answer.status_code == 405
    assert "Đường link này chỉ dùng cho nút bấm" in answer.content.decode()
    assert "POST" in answer["Allow"]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/healthz", "/report/", "/check/", "/status/", "/v1/lists", "/v1/openapi.json", "/nothing/"])  # fmt: skip
def test_it_answers_who_asks_for_the_head_alone_as_it_would_for_the_whole(address):
    whole, head = Client().get(address), Client().head(address)
    assert head.status_code == whole.status_code
    assert head["Content-Type"] == whole["Content-Type"]
