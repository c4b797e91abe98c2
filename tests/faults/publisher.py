"""Publishes and withdraws by the product's own services, one number a line of its input, and says so on its
output only once it is committed. It is killed at any moment and started again: every step first looks how
far an earlier life came.

    echo 7 | LACHAN_HOME=… python -m tests.faults.publisher
"""

import sys

from lachan.cli.setup import django_ready


def name_of(number: int) -> str:
    return f"kill{number}.example"


def is_withdrawn(number: int) -> bool:
    """Every third is withdrawn again."""
    return number % 3 == 2


def main() -> None:
    django_ready(migrate=False)
    from lachan.indicators.models import Indicator
    from lachan.indicators.services import indicator_propose, indicator_review, indicator_withdraw

    proposer, reviewer = (_person(role) for role in ("analyst", "reviewer"))
    for line in sys.stdin:
        number = int(line)
        rows = Indicator.objects.filter(value=name_of(number)).values_list("status", "uid")
        status, uid = rows.first() or ("", None)
        if not status:
            uid = indicator_propose(by=proposer, value=name_of(number), category="scam").uid
            status = "proposed"
        if status == "proposed":
            indicator_review(by=reviewer, indicator=uid, decision="approve")
            status = "published"
        if status == "published" and is_withdrawn(number):
            indicator_withdraw(by=reviewer, indicator=uid, reason="kill")
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


def _person(role: str) -> object:
    from lachan.members.models import Organisation, Person, RoleGrant
    from lachan.members.selectors import actor_for

    home = Organisation.objects.get(is_home=True)
    person, _ = Person.objects.get_or_create(
        email=f"{role}@kill.example", defaults={"organisation": home, "name": role}
    )
    RoleGrant.objects.get_or_create(person=person, role=role, valid_until=None)
    return actor_for(person)


if __name__ == "__main__":
    main()
