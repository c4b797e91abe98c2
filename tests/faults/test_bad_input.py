"""Input that cannot be used: a clear word, the right status, and nothing lost."""

import http.client
import json
import os
import subprocess
import sys
import urllib.parse

import pytest

from tests.faults.reckoning import census

pytestmark = pytest.mark.faults
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def ask(instance, method, path, body=None, headers=()):
    connection = http.client.HTTPConnection(instance.web, timeout=60)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "value",
    [
        "http://[::1",
        "http://a b/",
        "http://exa mple",
        "://",
        "%00",
        "x" * 5000,
        "1.2.3",
        "https://\u202e.example",
    ],
    ids=range(8),
)
def test_it_says_that_an_address_cannot_be_read(instance, value):
    path = f"/v1/check?value={urllib.parse.quote(value)}"
    status, kind, text = ask(instance, "GET", path)
    assert (status, kind) == (422, "application/problem+json")
    assert json.loads(text)["code"] == "invalid-observable"


@pytest.mark.parametrize(
    "header", ["Bearer lachan_wrong_wrong", "Bearer ", "Basic eDp5", "Bearer \xff"]
)
def test_it_refuses_a_wrong_key(instance, header):
    status, kind, text = ask(instance, "GET", "/v1/indicators", headers={"Authorization": header})
    assert (status, kind) == (401, "application/problem+json")
    assert json.loads(text)["code"]


def test_it_says_that_ten_megabytes_are_too_many_and_goes_on(instance):
    body = b"words=" + b"x" * 10_000_000
    try:
        status, _, text = ask(instance, "POST", "/report/", body, FORM)
    except (BrokenPipeError, ConnectionResetError):
        pass  # refused before all of it was sent
    else:
        assert status == 413
        assert "<h1" in text
    assert ask(instance, "GET", "/report/")[0] == 200


def test_it_gives_back_what_was_written_when_the_form_is_not_whole(instance):
    before = census(instance)["reports"]
    body = urllib.parse.urlencode({"words": "chuyện ở trường", "category": "no-such"})
    status, _, text = ask(instance, "POST", "/report/", body, FORM)
    assert status == 422
    assert "chuyện ở trường" in text
    assert census(instance)["reports"] == before


def test_it_imports_what_can_be_read_and_says_what_cannot(standing, instance, tmp_path):
    before = census(instance)["ledger_rows"]
    junk, mixed = tmp_path / "junk", tmp_path / "mixed"
    junk.write_bytes(os.urandom(100_000))
    refused = instance.lachan("import", str(junk), "--category", "scam")
    assert "Traceback" not in refused.stderr
    assert refused.returncode == 1 or "quarantined" in refused.stdout
    assert census(instance)["ledger_rows"] == before
    mixed.write_bytes(
        b"one.example\n\xff\xfe\x00\x01\nhttp://[\n" + b"y" * 100_000 + b"\ntwo.example\n"
    )
    done = instance.lachan("import", str(mixed), "--category", "scam", "--form", "plain", "--json")
    told = json.loads(done.stdout)
    assert told["published"] == 2
    standing.imported += 2
    assert told["content"] == sum(
        told[name] for name in ("published", "duplicate", "guarded", "quarantined")
    )
    assert census(instance)["ledger_rows"] == before + 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["import", "no-such-file", "--category", "scam"], "no-such-file"),
        (["import", __file__, "--category", "no-such"], "no such category"),
        (["check", "http://["], "VALUE"),
        (["backup", "/no/such/folder/b"], "no folder"),
        (["restore", __file__], "database"),
        (["web", "--listen", "nonsense"], "nonsense"),
        (["up", "--web", "127.0.0.1:x"], "ADDRESS:PORT"),
        (["dns", "--listen", "nonsense"], "nonsense"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_its_commands_say_what_is_wrong(instance, arguments, words):
    told = instance.lachan(*arguments)
    assert told.returncode in {1, 2}
    assert words in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    ("name", "value", "command"),
    [
        ("DATABASE_URL", "mysql://a/b", "worker"),
        ("LACHAN_HTTPS", "perhaps", "worker"),
        ("LACHAN_SECRET_KEY_FILE", "/no/such/file", "web"),
        ("LACHAN_LOG_LEVEL", "LOUD", "worker"),
        ("LACHAN_DNS_UPSTREAM", "not-an-address", "dns"),
        ("LACHAN_DNS_BLOCK_TTL", "-4", "dns"),
    ],
)
def test_a_bad_setting_stops_the_start_with_one_line(tmp_path, name, value, command):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LACHAN_", "DATABASE"))}
    run = subprocess.run(
        [sys.executable, "-m", "lachan", command],
        env={**kept, "LACHAN_HOME": str(tmp_path), name: value},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert run.returncode == 1
    assert name in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
