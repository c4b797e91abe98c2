"""Who writes when, and when it is on the disk."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection


@contextmanager
def durable() -> Iterator[None]:
    """Transactions that end inside are on the disk when they have ended, whatever happens to the power.

    PostgreSQL does so by itself. SQLite, as it is set, loses the last moments in a power cut, never in a
    crash of a process; here it waits for the disk: 0.5 to 5 ms. For promises to people outside.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    _synchronous("FULL")
    try:
        with turn():
            yield
    finally:
        _synchronous("NORMAL")


def _synchronous(level: str) -> None:
    # To SQLite itself: each report asks this twice, and Django's cursor would cost ten times the answer.
    connection.ensure_connection()
    with connection.wrap_database_errors:
        connection.connection.execute(f"PRAGMA synchronous={level}").close()


@contextmanager
def turn() -> Iterator[None]:
    """Wait in line to write; for short transactions that many make at once.

    Who meets SQLite's write lock sleeps up to 100 ms and tries again, and a busy neighbour wins each time:
    half a second was seen where 10 ms were due. The kernel queues those who wait for a file's lock, and
    frees it when a process dies. Who does not take turns is only as fast as before.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    file = os.open(settings.LACHAN_HOME / "run" / "write.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


@contextmanager
def sole(lane: str) -> Iterator[bool]:
    """Whether this process alone works in `lane` while inside, on whatever machine; no name is a lane for all.

    A lock that dies with its holder: what a killed process was about goes on at once.
    """
    if not lane:
        yield True
    elif connection.vendor == "sqlite":
        with _held_file(lane) as is_ours:
            yield is_ours
    else:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [lane])
            is_ours = cursor.fetchone()[0]
        try:
            yield is_ours
        finally:
            if is_ours:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [lane])


@contextmanager
def _held_file(lane: str) -> Iterator[bool]:
    file = os.open(settings.LACHAN_HOME / "run" / f"{lane}.lane", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield _is_locked(file)
    finally:
        os.close(file)


def _is_locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
