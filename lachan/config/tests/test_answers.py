import threading

import pytest

from lachan.config import answers as module
from lachan.config.answers import Answers, NoRoom

ETAG = [("ETag", '"1"')]
PIECE = b"x" * 70_000


def environ(method="GET", path="/v1/lists/hosts", **more):
    return {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": ""} | more


@pytest.fixture
def answers(tmp_path):
    return Answers(tmp_path / "answers" / "1", most=200_000)


def read(answer):
    return answer.body if isinstance(answer.body, bytes) else answer.body.result().read_bytes()


def never():
    raise AssertionError("it is made already")
    yield b""


def test_it_keeps_small_ones_in_memory_and_large_ones_in_files(answers):
    assert answers.take(environ(), 200, ETAG, [b"a", b"b"]).body == b"ab"
    large = answers.take(environ(), 200, ETAG, [b"a", PIECE, b"b"])
    path = large.body.result()
    assert not any(one.stat().st_mode & 0o077 for one in (path, *path.parents[:2]))
    assert read(large) == b"a" + PIECE + b"b"


@pytest.mark.parametrize(
    ("status", "headers"),
    [(200, []), (422, ETAG), (200, [*ETAG, ("Cache-Control", "private, no-store")])],
)
def test_what_a_child_may_have_written_never_touches_the_disk(answers, status, headers):
    page = answers.take(environ(path="/staff/cases/"), status, headers, [PIECE, b"words"])
    assert page.body == PIECE + b"words"
    assert not list(answers._folder.iterdir())


def test_it_makes_the_same_once(answers):
    first = answers.take(environ(), 200, ETAG, [PIECE])
    assert read(answers.take(environ(), 200, ETAG, never())) == read(first)


@pytest.mark.parametrize(
    ("other", "status", "headers"),
    [
        (environ(HTTP_AUTHORIZATION="Bearer another"), 200, ETAG),
        (environ(QUERY_STRING="at=3"), 200, ETAG),
        (environ(path="/v1/lists/plain"), 200, ETAG),
        (environ(), 200, [("ETag", '"2"')]),
        (environ(), 200, [*ETAG, ("X-Lachan-Audience", "red")]),
        (environ(), 200, [*ETAG, ("Set-Cookie", "a=1")]),
        (environ(), 206, ETAG),
        (environ(), 200, []),
    ],
)
def test_it_takes_nothing_else_for_the_same(answers, other, status, headers):
    answers.take(environ(), 200, ETAG, [PIECE])
    assert read(answers.take(other, status, headers, [b"y" * 70_000])) == b"y" * 70_000


def test_it_waits_for_what_another_makes(answers):
    begun, go_on = threading.Event(), threading.Event()

    def slowly():
        yield PIECE
        begun.set()
        go_on.wait(10)
        yield b"end"

    maker = threading.Thread(target=answers.take, args=(environ(), 200, ETAG, slowly()))
    maker.start()
    begun.wait(10)
    second = answers.take(environ(), 200, ETAG, never())
    assert not second.body.done()
    go_on.set()
    maker.join()
    assert read(second) == PIECE + b"end"


def test_what_breaks_is_not_kept(answers):
    def breaking():
        yield PIECE
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        answers.take(environ(), 200, ETAG, breaking())
    assert read(answers.take(environ(), 200, ETAG, [PIECE])) == PIECE
    assert len(list(answers._folder.iterdir())) == 1


def test_the_oldest_makes_room_and_what_was_just_given_does_not(answers, monkeypatch):
    first = answers.take(environ(path="/1"), 200, ETAG, [PIECE]).body.result()
    answers.take(environ(path="/2"), 200, ETAG, [PIECE])
    third = answers.take(environ(path="/3"), 200, ETAG, [PIECE])
    with pytest.raises(NoRoom):
        third.body.result()
    monkeypatch.setattr(module, "_GRACE_SECONDS", 0.0)
    assert read(answers.take(environ(path="/3"), 200, ETAG, [PIECE])) == PIECE
    assert not first.exists()


def test_what_slow_readers_hold_open_counts(answers, monkeypatch):
    monkeypatch.setattr(module, "_GRACE_SECONDS", 0.0)
    held = []
    for number in range(20):
        answer = answers.take(environ(path=f"/{number}"), 200, ETAG, [PIECE])
        if answer.body.exception() is not None:
            break
        held.append(answer.body.result().open("rb"))
    for file in held:
        file.close()
    assert 3 <= len(held) <= 7


def test_it_clears_up_after_those_that_were_killed(tmp_path):
    dead = tmp_path / "answers" / "4194305"  # beyond the most that Linux numbers
    dead.mkdir(parents=True)
    mine = Answers(tmp_path / "answers" / "1")
    assert not dead.exists()
    mine.clear()
    assert not (tmp_path / "answers" / "1").exists()
