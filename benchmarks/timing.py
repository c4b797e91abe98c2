"""Does the time of an answer tell what is on hidden lists, or who works here?

    python benchmarks/timing.py [--tries 20000] [--only dispute,check,api,list,sign_in]

Asks each door about what is hidden and about what is unknown, by a coin's fall, and hands half of the times to a
classifier (twenty classes of equal size; each is called what most of it was), which is tried on the other half.
`advantage` is how much more often it says "hidden" of what is hidden than of what is not: 0 is a coin, 1 knows.
In one process without a network, where nothing blurs the time; passwords are hashed cheaply here, since 64 MiB
each would hide what is asked for. Bar: 0.01 each. With 20,000 tries of each a coin's own advantage is within
0.014 nineteen times out of twenty.
"""

import argparse
import gc
import io
import json
import os
import random
import sys
import tempfile
import time
from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
POOL, CLASSES = 200, 20
_chance = random.Random(7)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tries", type=int, default=20_000, help="of each, at each door")
    parser.add_argument("--only", default="dispute,check,api,list,sign_in")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lachan-bench-") as home:
        os.environ["LACHAN_HOME"] = home
        from lachan.cli.setup import django_ready

        django_ready(begin=True)
        doors = _doors()
        found = {name: _measure(*doors[name], options.tries) for name in options.only.split(",")}
    print(json.dumps({"tries": options.tries, "doors": found}, indent=1))


Door = tuple[Callable[[bool], object], Callable[[], object]]


def _doors() -> dict[str, Door]:
    """By name: asks of what is hidden, or of what is unknown; and what tidies up in between, untimed."""
    from django.test import Client

    from lachan.indicators.models import DisputedValue
    from lachan.members.models import SignInPause

    client = Client(HTTP_HOST="127.0.0.1")
    names = {
        True: [_name("a", n) for n in range(POOL)],
        False: [_name("b", n) for n in range(POOL)],
    }
    steps = _ledger(names[True])
    people = {known: [f"{name}@desk.example" for name in names[known]] for known in names}
    _people(people[True])

    def asked(address: str, name: str) -> object:
        return client.post(address, {"value": f"https://{name}/a", "reason": "mine"})

    def signs_in(email: str) -> object:
        wrong = {"email": email, "password": "a wrong password here"}
        return client.post("/staff/sign-in/", wrong)

    def nothing() -> None: ...

    return {
        "dispute": (
            lambda hidden: asked("/dispute/", _chance.choice(names[hidden])),
            lambda: DisputedValue.objects.all().delete(),
        ),
        "check": (lambda hidden: asked("/check/", _chance.choice(names[hidden])), nothing),
        "api": (
            lambda hidden: client.get("/v1/check", {"value": _chance.choice(names[hidden])}),
            nothing,
        ),
        "list": (
            lambda hidden: b"".join(
                client.get("/v1/lists/plain", {"since": steps[hidden]}).streaming_content
            ),
            nothing,
        ),
        "sign_in": (
            lambda known: signs_in(_chance.choice(people[known])),
            lambda: SignInPause.objects.all().delete(),
        ),
    }


def _name(letter: str, number: int) -> str:
    return f"{letter}{number:04}{_chance.randrange(16**8):08x}.example"


def _ledger(hidden: list[str]) -> dict[bool, int]:
    """Publish a list, then what is hidden, then one thing more; sequences before and after the hidden."""
    from django.conf import settings

    from lachan.formats.snapshot.writer import SnapshotWriter
    from lachan.indicators.selectors import ledger_head
    from lachan.indicators.services import indicator_propose, indicator_review, list_import
    from lachan.members.models import Organisation, Person, RoleGrant
    from lachan.members.records import Role, system
    from lachan.members.selectors import actor_for
    from lachan.shield.services import snapshot_rebuild

    def bring(words: list[str]) -> None:
        data = io.BytesIO("\n".join(words).encode())
        list_import(by=system("timing"), stream=data, file_name="l", category="scam")

    home = Organisation.objects.create(name="Timing", type="hotline")
    actors = []
    for role in (Role.ANALYST, Role.REVIEWER):
        person = Person.objects.create(email=f"{role}@t.example", name=role, organisation=home)
        RoleGrant.objects.create(person=person, role=role)
        actors.append(actor_for(person))
    bring([_name("c", number) for number in range(5000)])
    before = ledger_head()
    for place, name in enumerate(hidden):
        tlp = ("red", "amber", "green", "amber+strict")[place % 4]
        made = indicator_propose(by=actors[0], value=name, category="scam", tlp=tlp)
        indicator_review(by=actors[1], indicator=made.uid, decision="approve")
    after = ledger_head()
    bring([_name("d", 1)])
    with SnapshotWriter(settings.LACHAN_HOME / "snapshots") as writer:
        snapshot_rebuild(writer)
    return {True: before, False: after}


def _people(emails: list[str]) -> None:
    from django.contrib.auth.hashers import Argon2PasswordHasher, get_hashers, make_password

    from lachan.members.models import Organisation, Person

    Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost = 1, 64
    Argon2PasswordHasher.parallelism = 1
    get_hashers.cache_clear()
    home = Organisation.objects.get()
    for email in emails:
        hashed = make_password("the right password here")
        Person.objects.create(email=email, name="P", organisation=home, password=hashed)


def _measure(ask: Callable[[bool], object], tidy: Callable[[], object], tries: int) -> object:
    times: dict[bool, list[int]] = {True: [], False: []}
    for place in range(2 * tries + 200):
        if place % 4 == 0:
            tidy()
        hidden = _chance.random() < 0.5
        gc.disable()
        began = time.perf_counter_ns()
        ask(hidden)
        took = time.perf_counter_ns() - began
        gc.enable()
        if place >= 200:  # warm
            times[hidden].append(took)
    half = {kind: _halves(found) for kind, found in times.items()}
    middle = {kind: sorted(found)[len(found) // 2] for kind, found in times.items()}
    return {
        "advantage": round(_advantage(half), 4),
        "median_hidden_us": middle[True] // 1000,
        "median_unknown_us": middle[False] // 1000,
    }


def _halves(times: list[int]) -> tuple[list[int], list[int]]:
    return times[::2], times[1::2]


def _advantage(half: dict[bool, tuple[list[int], list[int]]]) -> float:
    learnt = sorted(half[True][0] + half[False][0])
    edges = [learnt[len(learnt) * k // CLASSES] for k in range(1, CLASSES)]
    share = {kind: _shares(half[kind][0], edges) for kind in half}
    says_hidden = [share[True][k] > share[False][k] for k in range(CLASSES)]
    tried = {kind: _shares(half[kind][1], edges) for kind in half}
    rate = {
        kind: sum(part for part, says in zip(tried[kind], says_hidden, strict=True) if says)
        for kind in half
    }
    return max(rate[True] - rate[False], 0.0)


def _shares(times: list[int], edges: list[int]) -> list[float]:
    counts = [0] * CLASSES
    for took in times:
        counts[bisect_right(edges, took)] += 1
    return [count / len(times) for count in counts]


if __name__ == "__main__":
    main()
