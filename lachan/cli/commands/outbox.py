import dataclasses
import json
from typing import TYPE_CHECKING

import click

from lachan.cli.setup import django_ready

if TYPE_CHECKING:
    from lachan.outbox.records import Failing, WayStand


@click.group()
def command() -> None:
    """Look after events on their way between rooms that failed to arrive.

    What fails is tried again by itself: after 2 seconds, 4, 8 … then every hour, for about three days. Then
    it gives up, and is tried once more whenever a worker starts. Nothing is thrown away unasked.

    \b
    lachan outbox list
    lachan outbox retry
    lachan outbox drop cases.on_received
    """


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def list_(*, as_json: bool) -> None:
    """What failed and is tried again, and what gave up: a line for each handler; and how messages out stand.

    \b
    lachan outbox list
    lachan outbox list --json
    """
    django_ready()
    from lachan.outbox.selectors import event_count_waiting, failing_list, message_list

    waiting, failing, ways = event_count_waiting(), failing_list(), message_list()
    if as_json:
        told = {
            "waiting": waiting,
            "failing": [dataclasses.asdict(one) for one in failing],
            "messages": [dataclasses.asdict(one) for one in ways],
        }
        click.echo(json.dumps(told, default=str))
        return
    click.echo(f"{waiting:,} wait")
    for one in failing:
        _say(one)
    if failing:
        click.echo(
            "\nMend the cause (the worker's log names its places), then: lachan outbox retry"
        )
    click.echo("\nmessages out, and how those of the past week ended:")
    for way in ways:
        _say_way(way)


def _say_way(one: "WayStand") -> None:
    ended = {name: getattr(one, name) for name in ("sent", "gone", "refused", "expired", "dropped")}
    told = ", ".join(f"{number:,} {name}" for name, number in ended.items() if number)
    click.echo(f"{one.way}: {one.waiting:,} wait{f'; {told}' if told else ''}")
    if not one.is_on:
        click.echo("  off (docs/howto/messages.md)")
    if one.errors:
        click.echo(f"  what went wrong: {', '.join(one.errors)}")


def _say(one: "Failing") -> None:
    click.echo(f"{one.handler or 'no handler'}: {', '.join(one.errors)}")
    click.echo(f"  the oldest said in the hour of {one.since:%Y-%m-%d %H:00} UTC")
    if one.waiting:
        click.echo(f"  {one.waiting:,} tried again, up to {one.attempts} times until now")
    if one.gave_up:
        click.echo(f"  {one.gave_up:,} gave up")


@command.command()
@click.argument("handler", default="")
def retry(handler: str) -> None:
    """Try what failed or gave up again now: at HANDLER, or at all. A running worker does it within a second.

    \b
    lachan outbox retry
    lachan outbox retry cases.on_received
    """
    django_ready()
    from lachan.outbox.services import deliveries_retry

    click.echo(f"{deliveries_retry(handler=handler):,} are tried again")


@command.command()
@click.argument("handler")
@click.confirmation_option(
    prompt="What is dropped never arrives: a report may stay without a case. Drop it?"
)
def drop(handler: str) -> None:
    """Forget what gave up at HANDLER, where it can never arrive. It is written into the audit trail.

    \b
    lachan outbox drop cases.on_received
    lachan outbox drop cases.on_received --yes
    """
    django_ready()
    from django.db import transaction

    from lachan.members.audit_actions import MemberAudit
    from lachan.members.records import system
    from lachan.members.services import audit_record
    from lachan.outbox.services import deliveries_drop

    with transaction.atomic():
        dropped = deliveries_drop(handler=handler)
        if dropped:
            audit_record(
                by=system("lachan outbox drop"),
                action=MemberAudit.OUTBOX_DROP,
                target=f"handler:{handler}",
                detail={"events": dropped},
            )
    click.echo(f"{dropped:,} dropped")
