"""A process of its own that publishes, follows or imports; `test_processes` starts several.

usage: publisher.py prepare | publish PREFIX COUNT | follow COUNT | verify
"""

import json
import sys
import time

from lachan.cli.setup import django_ready


def _say(what):
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def _people():
    from lachan.members.models import Organisation, Person, RoleGrant
    from lachan.members.selectors import actor_for

    organisation, _ = Organisation.objects.get_or_create(name="Hotline", type="hotline")
    actors = []
    for role in ("analyst", "reviewer"):
        person, _ = Person.objects.get_or_create(
            email=f"{role}@ngo.example", defaults={"name": role, "organisation": organisation}
        )
        RoleGrant.objects.get_or_create(person=person, role=role)
        actors.append(actor_for(person))
    return actors


def publish(prefix: str, count: int) -> dict:
    from lachan.indicators.services import indicator_propose, indicator_review, indicator_withdraw

    analyst, reviewer = _people()
    given = []
    for number in range(count):
        value = f"{prefix}{number}.example"
        proposed = indicator_propose(by=analyst, value=value, category="scam")
        done = indicator_review(by=reviewer, indicator=proposed.uid, decision="approve")
        given.append(done.seq)
        _say(done.seq)
        if number % 3 == 0:
            given.append(indicator_withdraw(by=reviewer, indicator=done.uid).seq)
            _say(given[-1])
    return {"given": given}


def follow(count: int) -> dict:
    """Read on as rows appear: a reader who goes by numbers must never have to go back."""
    from lachan.indicators.records import PUBLIC_AUDIENCE
    from lachan.indicators.selectors import ledger_list

    last, gaps, patience = 0, 0, time.monotonic() + 60
    while last < count and time.monotonic() < patience:
        time.sleep(0.005)
        for entry in ledger_list(after=last, audience=PUBLIC_AUDIENCE):
            gaps += entry.seq != last + 1
            last = entry.seq
    return {"last": last, "gaps": gaps}


def verify() -> dict:
    from lachan.indicators.selectors import ledger_summary, ledger_verify

    check = ledger_verify()
    return {"rows": check.rows, "fault": check.fault, **ledger_summary()}


def main() -> None:
    django_ready(begin=True)
    what, *rest = sys.argv[1:]
    if what == "prepare":
        _people()
        result: dict = {}
    elif what == "publish":
        result = publish(rest[0], int(rest[1]))
    elif what == "follow":
        result = follow(int(rest[0]))
    else:
        result = verify()
    _say(json.dumps(result))


if __name__ == "__main__":
    main()
