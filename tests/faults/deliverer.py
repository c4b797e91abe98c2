"""A worker with handlers and tasks of its own, for `deliveries.py`: what each did stands in a table.

Whether handlers fail, and whether work is slow, is told by files in the home.
"""

import dataclasses
import hashlib
import json
import os
import time
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from lachan.kernel import clock
from lachan.kernel.events import Event, handles
from lachan.kernel.schedule import TASKS, every
from lachan.outbox.services import turn


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rang(Event):
    """Attributes: sent: the machine's monotonic clock, in nanoseconds."""

    number: int
    sent: int


def is_on(name: str) -> bool:
    return (settings.LACHAN_HOME / name).exists()


def note(handler: str, event: Rang) -> None:
    took = time.monotonic_ns() - event.sent
    with connection.cursor() as cursor:
        values = [handler, event.number, took]
        cursor.execute("INSERT INTO effects (handler, number, took) VALUES (%s, %s, %s)", values)


@handles(Rang)
def steady(event: Rang) -> None:
    note("steady", event)


@handles(Rang)
def shaky(event: Rang) -> None:
    if is_on("failing"):
        with (settings.LACHAN_HOME / "failures").open("a") as file:
            file.write(f"{event.number}\n")
        raise RuntimeError
    note("shaky", event)


@handles(Rang, outbound=True)
def outward(event: Rang) -> None:
    """Idempotent, as outbound handlers are: whoever is told keeps a number once."""
    with (settings.LACHAN_HOME / "sent").open("a") as file:
        file.write(f"{event.number}\n")
    asked = "SELECT 1 FROM effects WHERE handler = 'outward' AND number = %s"
    with turn(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(asked, [event.number])
        if cursor.fetchone() is None:
            note("outward", event)


def pull() -> None:
    """As from a slow partner: it waits most of its time, parses a page in one step, and notes where it stands."""
    if not is_on("pulling"):
        return
    page = json.dumps([{"value": f"{number}.example"} for number in range(20_000)])
    (settings.LACHAN_HOME / "pulling.begun").touch()
    while is_on("pulling"):
        time.sleep(0.1)
        found = len(json.loads(page))
        with turn(), transaction.atomic(), connection.cursor() as cursor:
            values = ["pull", -1, found]
            cursor.execute(
                "INSERT INTO effects (handler, number, took) VALUES (%s, %s, %s)", values
            )


def compute() -> None:
    """As a list that is made anew: a whole processor."""
    if is_on("computing"):
        (settings.LACHAN_HOME / "computing.begun").touch()
    while is_on("computing"):
        for _ in range(10_000):
            hashlib.sha256(b"x" * 100).hexdigest()


def main() -> None:
    from lachan.outbox.worker import run

    speed, began, at = (float(os.environ[f"TRIED_{name}"]) for name in ("SPEED", "BEGAN", "AT"))
    start = datetime.fromtimestamp(at, UTC)
    clock.now = lambda: start + timedelta(seconds=speed * (time.monotonic() - began))
    TASKS.clear()
    for task in (pull, compute):
        every(timedelta(seconds=1))(task)
    run()
