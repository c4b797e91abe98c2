"""Kills any process of a running instance, again and again, while a parent changes rules and a child's device asks.

    python tests/faults/kill_family.py --changes 500 --kills 70 --seed 7

Prints one JSON object; ends with 1 when a rule that was confirmed is lost, one is half in force, or protection was off.
A parent closes sites, opens every third again, and switches two services together, on the product's own pages. What is
not confirmed is tapped again. Meanwhile the device asks over TLS: for a site that was closed before it began, for help,
and for both services.
"""

import argparse
import http.client
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from lachan.cli.browser import Stuck  # noqa: E402  found by the line above
from tests.household import Device, Household, sealed_ways  # noqa: E402
from tests.instance import NAMES, Instance  # noqa: E402

TARGETS = (*(name for name in NAMES if name != "matching"), "dns-https")
STANDING, HELP, FREE = "luon-dong.test", "www.tongdai111.vn", "truong.test"
PAIR = {"zalo": "zalo.me", "tiktok": "www.tiktok.com"}
# Two saves are further apart than this: what is asked within it is asked of one table.
_MOMENT_S = 0.02


class Watch:
    """Asks all the while, as the child's device.

    Attributes:
        asked, answered: counts. wrong: what must never be answered so, by name and code. half: how often one of the two
            services was open while the other was closed.
        longest: the longest time without any answer, in seconds.
    """

    def __init__(self, device: Device) -> None:
        self._device, self._stop = device, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.asked = self.answered = self.half = 0
        self.longest = 0.0
        self.wrong: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._device.close()

    def _run(self) -> None:
        last = time.monotonic()
        while not self._stop.wait(0.01):
            for name, right in ((STANDING, "NXDOMAIN"), (HELP, "NOERROR")):
                said = self._ask(name)
                if said is not None:
                    moment = time.monotonic()
                    self.longest, last = max(self.longest, moment - last), moment
                    if said != right:
                        self.wrong[f"{name} {said}"] += 1
            self._ask_pair()
        self.longest = max(self.longest, time.monotonic() - last)

    def _ask_pair(self) -> None:
        """The first, the second, the first again: where the first stood still, the second must say the same."""
        one, other = PAIR.values()
        began = time.monotonic()
        said = [self._ask(one), self._ask(other), self._ask(one)]
        if None in said or time.monotonic() - began > _MOMENT_S:
            return
        self.half += said[0] == said[2] != said[1]

    def _ask(self, name: str) -> str | None:
        self.asked += 1
        said = self._device.rcode(name)
        self.answered += said is not None
        return said


class Run:
    """One run on one started instance.

    Attributes:
        right: site → whether it is closed, of all that was confirmed. pair: whether both services are.
        again: taps that had to be repeated. failures: what broke the run itself.
    """

    def __init__(self, instance: Instance, family: Household, *, changes: int, kills: int, seed: int) -> None:  # fmt: skip
        self._instance, self._family, self._changes = instance, family, changes
        self.right: dict[str, bool] = {}
        self.pair = True
        self.again = self.done = 0
        self.kills: Counter[str] = Counter()
        self.failures: list[str] = []
        self._chance = random.Random(seed)
        self._moments = sorted(self._chance.randrange(changes) for _ in range(kills))
        self._over = threading.Event()

    def work(self) -> None:
        killer = threading.Thread(target=self._guarded, args=[self._kill])
        killer.start()
        self._guarded(self._change)
        self._over.set()
        killer.join()

    def _guarded(self, work) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  said in the result
            self.failures.append(f"{work.__name__}: {type(error).__name__}: {error}"[:500])

    def _change(self) -> None:
        for number in range(self._changes):
            kind, site = number % 4, f"s{number // 4 * 4}.test"
            if kind < 2:
                site = f"s{number}.test"
                self._until_confirmed(lambda s=site: self._family.names_tap(s, "block"))
                self.right[site] = True
            elif kind == 2:
                self._until_confirmed(lambda s=site: self._family.names_tap(s, "allow"))
                self.right[site] = False
            else:
                closed = not self.pair
                self._until_confirmed(lambda c=closed: self._switch(closed=c))
                self.pair = closed
            self.done += 1

    def _switch(self, *, closed: bool) -> None:
        page = self._family.page()
        form = self._family.form(page, "rules/")
        chosen = {value for name, value in form.values if name == "closed"} - set(PAIR)
        self._family.tap(page, form, closed=sorted(chosen | (set(PAIR) if closed else set())))

    def _until_confirmed(self, tap) -> None:
        end = time.monotonic() + 120
        while True:
            try:
                tap()
            except (OSError, http.client.HTTPException, Stuck):
                if time.monotonic() > end:
                    raise
                self.again += 1
                self._family.parent.close()  # whatever was asked on it is not waited for
                time.sleep(0.05)
            else:
                return

    def _kill(self) -> None:
        targets: list[str] = []
        for moment in self._moments:
            while self.done < moment:
                if self._over.wait(0.005):
                    return
            # Every target once before any comes again.
            targets = targets or self._chance.sample(TARGETS, len(TARGETS))
            self._over.wait(self._chance.random() * 0.3)
            self._kill_one(targets.pop())

    def _kill_one(self, target: str) -> None:
        if self._instance.pid("up") is None:
            self.failures.append("the supervisor ended by itself")
            self._instance.start(wait=False)
        end = time.monotonic() + 60
        while not self._instance.kill(target):
            if time.monotonic() > end or self._over.wait(0.02):
                return
        self.kills[target] += 1
        if target == "up":
            self._instance.start(wait=False)


def _page(family: Household) -> str:
    """The child's page; empty while nobody answers, for the last kill may still be mended."""
    family.parent.close()
    try:
        return family.page().text
    except (OSError, http.client.HTTPException, Stuck):
        return ""


def run(instance: Instance, *, changes: int, kills: int, seed: int) -> dict[str, object]:
    """Everything, on a started instance with an edge over TLS."""
    began = time.monotonic()
    family = Household(instance)
    family.names_tap(STANDING, "block")
    this = Run(instance, family, changes=changes, kills=kills, seed=seed)
    this._switch(closed=True)
    closed = (STANDING, *PAIR.values())
    instance.until(lambda: all(map(family.device.is_closed, closed)), "to close what stands")
    with Watch(Device(instance, family.device.label)) as watch:
        this.work()
        instance.until(instance.answers, "to come back")
        lost = _lost(instance, family, this)
    family.device.close()
    shown = instance.until(lambda: _page(family), "to show its page")
    return {
        "seed": seed,
        "changes": this.done,
        "kills": dict(this.kills),
        "tapped_again": this.again,
        "lost": lost,
        "not_shown": [site for site in this.right if site not in shown],
        "half_in_force": watch.half,
        "wrong": dict(watch.wrong),
        "asked": watch.asked,
        "answered": watch.answered,
        "longest_gap_ms": round(watch.longest * 1000),
        "failures": this.failures,
        "seconds": round(time.monotonic() - began, 1),
    }


def _lost(instance: Instance, family: Household, this: Run) -> list[str]:
    """What was confirmed and does not hold, half a minute after the last kill."""
    right = this.right | dict.fromkeys(PAIR.values(), this.pair) | {STANDING: True, FREE: False}
    end = time.monotonic() + 30
    while True:
        lost = [name for name, closed in right.items() if family.device.is_closed(name) != closed]
        if not lost or time.monotonic() > end:
            return lost
        time.sleep(0.2)


def is_whole(found: dict[str, object]) -> bool:
    return not any(found[name] for name in ("lost", "not_shown", "half_in_force", "wrong", "failures"))  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--changes", type=int, default=500)
    parser.add_argument("--kills", type=int, default=70)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args()
    sys.stderr.write(f"seed {given.seed}\n")
    with (
        tempfile.TemporaryDirectory(prefix="lachan-kill-") as folder,
        Instance(Path(folder), **sealed_ways()) as instance,
    ):
        found = run(instance, **vars(given))
        if not is_whole(found):
            sys.stderr.write(instance.said()[-5000:])
    sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    sys.exit(not is_whole(found))


if __name__ == "__main__":
    main()
