import json
from datetime import timedelta

import pytest
from django.conf import settings

from lachan.kernel.clock import held_at, now
from lachan.kernel.errors import InvalidInput, NotFound
from lachan.web import status
from lachan.web.maintenance import maintenance_cancel, maintenance_list, maintenance_plan
from lachan.web.status import Stand, status_list, status_look

MINUTE = timedelta(minutes=1)


@pytest.fixture
def home(tmp_path, settings):
    (tmp_path / "run").mkdir()
    settings.LACHAN_HOME = tmp_path
    return tmp_path


@pytest.fixture
def parts(monkeypatch):
    """Two parts, whose state a test sets; an exception is raised."""
    state = {"first": Stand(works=True), "second": Stand(works=True)}

    def look(name):
        if isinstance(state[name], Exception):
            raise state[name]
        return state[name]

    monkeypatch.setattr(
        status,
        "_PARTS",
        {name: (order, name, lambda name=name: look(name)) for order, name in enumerate(state)},
    )
    return state


def seen(home):
    return {one.title: (one.works, one.since) for one in status_list(home)}


def test_it_says_since_when(home, parts):
    start = now()
    for minute in range(4):
        if minute == 2:
            parts["second"] = Stand(works=False)
        with held_at(start + minute * MINUTE * 0.5):
            status_look(home)
            found = seen(home)
    assert found == {"first": (True, start), "second": (False, start + MINUTE)}


def test_a_part_that_knows_since_when_says_it_itself(home, parts):
    parts["first"] = Stand(works=True, since=now() - timedelta(days=2))
    status_look(home)
    assert seen(home)["first"][1] == parts["first"].since


def test_a_part_that_breaks_hides_no_other(home, parts):
    parts["first"] = RuntimeError("broken")
    status_look(home)
    assert {title: works for title, (works, _) in seen(home).items()} == {
        "first": False,
        "second": True,
    }


def test_a_part_that_is_not_run_here_is_not_shown(home, parts):
    parts["second"] = None
    status_look(home)
    assert set(seen(home)) == {"first"}


def test_what_was_seen_long_ago_says_nothing_of_now(home, parts):
    start = now()
    status_look(home)
    with held_at(start + 2 * MINUTE):
        assert seen(home) == {"first": (None, None), "second": (None, None)}
        status_look(home)  # pages were away meanwhile: nobody knows how it was
        assert seen(home)["first"] == (True, start + 2 * MINUTE)


def test_a_clock_that_is_put_back_stops_nobody_from_looking(home, parts):
    status_look(home)
    with held_at(now() - timedelta(days=1)) as moment:
        status_look(home)
        assert seen(home)["first"] == (True, moment)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"at": "x"}', b'{"at": 9e99}', b"\xff", b'{"parts": {"first": 1}}'],
)
def test_a_damaged_file_costs_nothing_but_what_stood_there(home, parts, content):
    (home / "run/status.json").write_bytes(content)
    assert isinstance(status_list(home), list)
    status_look(home)
    assert seen(home)["first"][0] is True


def test_a_moment_that_no_calendar_holds_is_left_out(home, parts):
    name = next(iter(status._PARTS))
    for since in (9e99, -9e99):
        kept = {"at": now().timestamp(), "parts": {name: {"works": True, "since": since}}}
        (home / "run/status.json").write_text(json.dumps(kept))
        assert seen(home) == {"first": (True, None)}


def test_one_of_several_processes_looks(home, parts):
    status_look(home)
    parts["first"] = Stand(works=False)
    status_look(home)
    assert seen(home)["first"][0] is True


@pytest.mark.parametrize("language", ["vi", "en", "fr"])
def test_it_asks_no_database(home, parts, client, language):
    """No mark lets this test at the database; what it would say of a page that asks is an error."""
    status_look(home)
    client.cookies["lang"] = language
    answer = client.get("/status/")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "<script" not in page
    assert answer.headers["Content-Language"] == language
    assert "sessionid" not in answer.cookies
    assert (
        answer.headers["Cache-Control"] == "no-store"
    )  # a phone that others use keeps no trace of it


def test_it_answers_before_anybody_has_looked(home, parts, client):
    assert client.get("/status/").status_code == 200


def test_it_says_nothing_but_what_works_and_since_when(home, parts):
    status_look(home)
    kept = json.loads((home / "run/status.json").read_text())
    assert set(kept) == {"at", "parts"}
    assert all(set(one) == {"works", "since"} for one in kept["parts"].values())


def test_it_says_what_is_planned_until_it_is_over(home, client):
    start = now().replace(second=0, microsecond=0)
    maintenance_plan(home, begins=start + 60 * MINUTE, ends=start + 90 * MINUTE)
    maintenance_plan(home, begins=start + 10 * MINUTE, ends=start + 20 * MINUTE)
    assert [one.begins for one in maintenance_list(home)] == [
        start + 10 * MINUTE,
        start + 60 * MINUTE,
    ]
    client.cookies["lang"] = "en"
    assert "until" in client.get("/status/").content.decode()
    with held_at(start + 21 * MINUTE):
        assert [one.begins for one in maintenance_list(home)] == [start + 60 * MINUTE]
        maintenance_cancel(home, start + 60 * MINUTE)
        assert maintenance_list(home) == []
        with pytest.raises(NotFound):
            maintenance_cancel(home, start + 60 * MINUTE)


@pytest.mark.parametrize(("begins", "ends"), [(5, 5), (5, 4), (-20, -10)])
def test_it_plans_nothing_that_cannot_be(home, begins, ends):
    start = now()
    with pytest.raises(InvalidInput):
        maintenance_plan(home, begins=start + begins * MINUTE, ends=start + ends * MINUTE)
    assert maintenance_list(home) == []


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[1]",
        '[{"begins": "x", "ends": "y"}]',
        '[{"begins": "2026-12-05T22:00:00", "ends": "2999-12-05T22:00:00"}]',
    ],
)
def test_a_damaged_plan_breaks_no_page(home, client, content):
    (home / "maintenance.json").write_text(content)
    assert client.get("/status/").status_code == 200


def test_every_part_of_the_product_has_words_in_three_languages():
    from django.utils import translation

    assert len(status._PARTS) >= 4
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            titles = [str(title) for _, title, _ in status._PARTS.values()]
            assert all(titles)
            if language != "en":
                with translation.override("en"):
                    assert set(titles).isdisjoint(
                        str(title) for _, title, _ in status._PARTS.values()
                    )
