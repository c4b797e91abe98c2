"""One handler down for an hour, a task that takes ten minutes, a worker killed again and again: what the other
handlers notice, and whether each did its work once.

    python tests/faults/deliveries.py
    python tests/faults/deliveries.py --postgresql --events 1000

Prints one JSON object; ends with 1 where work is missing or was done twice. A worker of its own gets `events`
with nothing wrong (half before the hour, half between the slow work), `events` while one handler fails, half as
many while a task pulls (it waits, parses and notes) and while one takes a whole processor, in turns, and a tenth
while it is killed. The worker's clock runs `--speed` times as fast. At 40 events a second all that is no slow work
takes half a processor: at 100 it would take more than one, and two could not bear one that is taken. An outbound
handler keeps what it is told once, as outbound handlers do: what it was told again by a kill is counted apart.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from lachan.kernel.home import home_prepare, secret_keep, secret_new  # noqa: E402  found by the line above
from tests.postgres import Server  # noqa: E402

HANDLERS = ("steady", "shaky", "outward")
_WORKER = """
from lachan.cli.setup import django_ready
django_ready(migrate=False)
from tests.faults.deliverer import main
main()
"""
SLOW = ("pulling", "computing")
BAR = 1.1
_TURNS = 5


class Trial:
    """One worker on one database, and what its handlers are told.

    Attributes:
        number: of the last event that was said.
    """

    def __init__(self, home: Path, *, rate: float, speed: float) -> None:
        self._home, self._rate = home, rate
        self.number = 0
        began = {"SPEED": speed, "BEGAN": time.monotonic(), "AT": time.time()}
        facts = {f"TRIED_{name}": str(value) for name, value in began.items()}
        self._environment = {**os.environ, **facts}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-c", _WORKER]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, env=self._environment, cwd=ROOT, stdout=log, stderr=log
            )

    def kill_lanes(self) -> None:
        """Kill the worker's second process, which the worker starts again."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        for pid in children.read_text().split():
            os.kill(int(pid), signal.SIGKILL)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        self._process.send_signal(number)
        self._process.wait()

    def say(self, count: int) -> range:
        """Publish `count` events at the trial's rate; their numbers."""
        from django.db import transaction

        from lachan.outbox.services import event_publish, turn
        from tests.faults.deliverer import Rang

        begin, start = self.number + 1, time.monotonic()
        for at in range(count):
            time.sleep(max(0.0, start + at / self._rate - time.monotonic()))
            self.number += 1
            with turn(), transaction.atomic():
                event_publish(Rang(number=self.number, sent=time.monotonic_ns()))
        return range(begin, self.number + 1)

    def until_done(self, *handlers: str) -> None:
        """Wait until these handlers have done all that was said.

        Raises:
            TimeoutError: they have not.
        """
        end = time.monotonic() + 60 + self.number / 50
        while any(len(self.done(handler)) < self.number for handler in handlers):
            if time.monotonic() > end:
                raise TimeoutError(
                    f"not done by {handlers}: {(self._home / 'log').read_text()[-3000:]}"
                )
            time.sleep(0.1)

    def done(self, handler: str) -> Counter[int]:
        """How often a handler did its work for each number."""
        asked = "SELECT number, count(*) FROM effects WHERE handler = %s GROUP BY number"
        return Counter(dict(_ask(asked, handler)))

    def p95(self, *ranges: range) -> float:
        """From saying to the steady handler's work, in milliseconds."""
        asked = "SELECT took FROM effects WHERE handler = 'steady' AND number BETWEEN %s AND %s"
        took = sorted(row[0] for r in ranges for row in _ask(asked, r.start, r.stop - 1))
        return round(took[int(len(took) * 0.95)] / 1e6, 2)

    @contextmanager
    def slow(self, name: str) -> Iterator[None]:
        """While a task does the slow work of this name; at once where there is none such."""
        if name not in SLOW:
            yield
            return
        begun = self._home / f"{name}.begun"
        begun.unlink(missing_ok=True)
        self.switch(name, on=True)
        while not begun.exists():
            time.sleep(0.02)
        yield
        self.switch(name, on=False)

    def switch(self, name: str, *, on: bool) -> None:
        (self._home / name).touch() if on else (self._home / name).unlink()

    def lines(self, name: str) -> list[str]:
        path = self._home / name
        return path.read_text().split() if path.exists() else []


def run(
    home: Path, *, events: int, rate: float, speed: float, kills: int, seed: int
) -> dict[str, object]:
    """Everything on an empty database."""
    _database_make()
    trial, chance = Trial(home, rate=rate, speed=speed), random.Random(seed)
    trial.start()
    trial.say(10)
    trial.until_done(*HANDLERS)
    before = trial.say(events // 2)
    trial.until_done(*HANDLERS)
    trial.switch("failing", on=True)
    failing = trial.say(events)
    trial.until_done("steady", "outward")
    trial.switch("failing", on=False)
    trial.until_done(*HANDLERS)
    said = {name: [] for name in ("undisturbed", *SLOW)}
    for _ in range(_TURNS):
        for name, ranges in said.items():
            with trial.slow(name):
                ranges.append(trial.say(max(1, events // 2 // _TURNS)))
                trial.until_done(*HANDLERS)
    until = trial.number
    told = len(trial.lines("sent"))
    for at in range(kills):
        trial.say(max(1, events // 10 // kills))
        time.sleep(chance.random() * 0.2)
        if at % 3 == 1:
            trial.kill_lanes()
        else:
            trial.kill()
            trial.start()
    trial.until_done(*HANDLERS)
    trial.kill(signal.SIGTERM)
    counts = {handler: trial.done(handler) for handler in HANDLERS}
    base = trial.p95(before, *said.pop("undisturbed"))
    found = {"failing": trial.p95(failing)}
    found |= {name: trial.p95(*ranges) for name, ranges in said.items()}
    return {
        "events": trial.number,
        "p95_ms": {"undisturbed": base, **found},
        "ratio": {name: round(value / base, 3) for name, value in found.items()},
        "holds": max(found.values()) <= BAR * base,
        "failed_attempts": len(trial.lines("failures")),
        "kills": kills,
        "told_again_by_kills": len(trial.lines("sent")) - told - (trial.number - until),
        "missing": {h: trial.number - len(counts[h]) for h in HANDLERS},
        "twice": {h: sum(number > 1 for number in counts[h].values()) for h in HANDLERS},
        "left": len(_ask("SELECT 1 FROM outbox_outboxevent WHERE delivered_at IS NULL")),
    }


def _database_make() -> None:
    from lachan.cli.setup import django_ready

    django_ready(migrate=False, begin=True)
    from django.core.management import call_command

    call_command("migrate", "outbox", verbosity=0)
    _ask("CREATE TABLE effects (handler text, number bigint, took bigint)")
    _ask("CREATE INDEX effects_number ON effects (handler, number)")


def _ask(asked: str, *values: object) -> list[tuple]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(asked, values)
        return cursor.fetchall() if cursor.description else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=40.0, help="events a second")
    parser.add_argument("--speed", type=float, default=36.0, help="of the worker's clock")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--postgresql", action="store_true")
    given = vars(parser.parse_args())
    server = Server() if given.pop("postgresql") else None
    with tempfile.TemporaryDirectory(prefix="lachan-deliveries-") as folder:
        os.environ["LACHAN_HOME"] = folder
        os.environ.pop("DATABASE_URL", None)
        if server:
            server.start()
            os.environ["DATABASE_URL"] = server.url
        home_prepare(Path(folder))
        secret_keep(Path(folder), secret_new())
        found = run(Path(folder), **given)
    if server:
        server.stop()
    database = "PostgreSQL" if server else "SQLite"
    sys.stdout.write(json.dumps({"database": database, "seed": given["seed"], **found}) + "\n")
    sys.exit(any(found["missing"].values()) or any(found["twice"].values()) or found["left"] > 0)


if __name__ == "__main__":
    main()
