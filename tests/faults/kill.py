"""Kills any process of a running instance, again and again, while reports arrive and indicators are published.

    python tests/faults/kill.py --submissions 500 --publishes 500 --seed 7

Prints one JSON object; ends with 1 when anything that was acknowledged is lost. Every third indicator is
withdrawn again.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.faults.asker import Asker  # noqa: E402  found by the line above
from tests.faults.publisher import name_of  # noqa: E402
from tests.faults.reckoning import reckon, report_fields  # noqa: E402
from tests.faults.walks import report_send  # noqa: E402
from tests.instance import NAMES, Instance  # noqa: E402

TARGETS = (*NAMES, "publisher")
SENTINEL, FREE = name_of(0), "free.test"


class Publisher:
    """The publishing process: gets a number, says when it is done, is started again when it is killed."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._process: subprocess.Popen[str] | None = None

    def publish(self, number: int) -> None:
        """Return once the process has said that it is done."""
        while True:
            process = self._running()
            try:
                process.stdin.write(f"{number}\n")
                process.stdin.flush()
                if process.stdout.readline() == f"{number}\n":
                    return
            except BrokenPipeError:
                pass
            process.wait()

    def kill(self) -> bool:
        process = self._process
        if process is None or process.poll() is not None:
            return False
        process.kill()
        return True

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                pipe.close()
            self._process = None

    def _running(self) -> subprocess.Popen[str]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        with self._instance.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.publisher"], env=self._instance.environment,
                cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        return self._process


class Run:
    """One run on one started instance.

    Attributes:
        receipts: what was shown, by the report's number. published: numbers acknowledged.
        failures: what broke the run itself.
    """

    def __init__(
        self, instance: Instance, *, submissions: int, publishes: int, kills: int, seed: int
    ) -> None:
        self._instance, self._submissions, self._publishes = instance, submissions, publishes
        self.receipts: dict[int, str] = {}
        self.published: set[int] = set()
        self.repeated = 0
        self.kills: Counter[str] = Counter()
        self.failures: list[str] = []
        self.publisher = Publisher(instance)
        self._chance = random.Random(seed)
        total = submissions + publishes
        self._moments = sorted(self._chance.randrange(total) for _ in range(kills))
        self._numbers = iter(range(submissions))
        self._lock = threading.Lock()
        self._done = threading.Event()

    def work(self) -> None:
        """Submit and publish everything, while the killer goes round."""
        workers = [
            threading.Thread(target=self._guarded, args=[work])
            for work in (self._submit, self._submit, self._publish)
        ]
        killer = threading.Thread(target=self._guarded, args=[self._kill])
        for thread in (*workers, killer):
            thread.start()
        for thread in workers:
            thread.join()
        self._done.set()
        killer.join()

    def _guarded(self, work) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  said in the result
            self.failures.append(f"{work.__name__}: {type(error).__name__}: {error}"[:500])

    def _submit(self) -> None:
        while True:
            with self._lock:
                number = next(self._numbers, None)
            if number is None:
                return
            self.receipts[number], tries = report_send(self._instance.web, **report_fields(number))
            self.repeated += tries > 1

    def _publish(self) -> None:
        for number in range(1, self._publishes + 1):
            # In step with the reports, so that both are under way at every kill.
            while (
                len(self.receipts) * self._publishes < (number - 1) * self._submissions
                and not self.failures
            ):
                time.sleep(0.01)
            self.publisher.publish(number)
            self.published.add(number)

    def _kill(self) -> None:
        targets: list[str] = []
        for moment in self._moments:
            while len(self.receipts) + len(self.published) < moment:
                if self._done.wait(0.005):
                    return
            # Every target once before any comes again.
            targets = targets or self._chance.sample(TARGETS, len(TARGETS))
            self._done.wait(self._chance.random() * 0.3)
            self._kill_one(targets.pop())

    def _kill_one(self, target: str) -> None:
        if self._instance.pid("up") is None:
            self.failures.append("the supervisor ended by itself")
            self._instance.start(wait=False)
        end = time.monotonic() + 60
        while not (self.publisher.kill() if target == "publisher" else self._instance.kill(target)):
            if time.monotonic() > end or self._done.wait(0.02):
                return
        self.kills[target] += 1
        if target == "up":
            self._instance.start(wait=False)


def run(
    folder: Path, *, submissions: int, publishes: int, kills: int, seed: int, **settings: str
) -> dict[str, object]:
    """Everything, from an empty home to the reckoning; `settings` are for the instance."""
    began = time.monotonic()
    with Instance(folder, **settings) as instance:
        this = Run(instance, submissions=submissions, publishes=publishes, kills=kills, seed=seed)
        try:
            this.publisher.publish(0)
            instance.until(lambda: instance.rcode(SENTINEL) == "NXDOMAIN", "to block the sentinel")
            with Asker(instance.dns_port, {SENTINEL: "NXDOMAIN", FREE: "NOERROR"}) as asker:
                this.work()
        finally:
            this.publisher.close()
        instance.until(instance.answers, "to come back")
        found = reckon(instance, this.receipts, this.published)
    return {
        "seed": seed,
        "submissions": submissions,
        "publishes": publishes,
        "kills": dict(this.kills),
        "sent_more_than_once": this.repeated,
        **found,
        "dns": asker.facts(),
        "failures": this.failures,
        "seconds": round(time.monotonic() - began, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--submissions", type=int, default=500)
    parser.add_argument("--publishes", type=int, default=500)
    parser.add_argument("--kills", type=int, default=70)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args()
    sys.stderr.write(f"seed {given.seed}\n")
    with tempfile.TemporaryDirectory(prefix="lachan-kill-") as folder:
        found = run(Path(folder), **vars(given))
    sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    sys.exit(bool(found["lost"] or found["failures"] or found["dns"]["wrong"]))


if __name__ == "__main__":
    main()
