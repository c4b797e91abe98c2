from datetime import datetime, timedelta
from pathlib import Path

import click

from lachan.cli.setup import django_ready


@click.group()
def command() -> None:
    """Say beforehand, on the page of what works (/status/), when parts will rest.

    \b
    lachan maintenance plan 2026-12-05T22:00 --minutes 30
    lachan maintenance list
    lachan maintenance cancel 2026-12-05T22:00

    Times are those of the pages, or carry their own offset (2026-12-05T22:00+07:00).
    """


@command.command()
@click.argument("begins")
@click.option("--minutes", type=click.IntRange(1, 7 * 24 * 60), default=30, show_default=True)
def plan(begins: str, minutes: int) -> None:
    """Plan maintenance that begins at BEGINS.

    \b
    lachan maintenance plan 2026-12-05T22:00 --minutes 30
    """
    from lachan.web.maintenance import maintenance_plan

    home, moment = _ready(begins)
    maintenance_plan(home, begins=moment, ends=moment + timedelta(minutes=minutes))
    _list(home)


@command.command()
@click.argument("begins")
def cancel(begins: str) -> None:
    """Take back what was planned for BEGINS.

    \b
    lachan maintenance cancel 2026-12-05T22:00
    """
    from lachan.web.maintenance import maintenance_cancel

    home, moment = _ready(begins)
    maintenance_cancel(home, moment)
    _list(home)


@command.command("list")
def list_() -> None:
    """What is planned.

    \b
    lachan maintenance list
    """
    home, _ = _ready("2000-01-01T00:00")
    _list(home)


def _ready(text: str) -> tuple[Path, datetime]:
    django_ready(migrate=False)
    from django.conf import settings
    from django.utils import timezone

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("a moment such as 2026-12-05T22:00", param_hint="BEGINS") from None
    if moment.tzinfo is None:
        moment = timezone.make_aware(moment)
    return settings.LACHAN_HOME, moment


def _list(home: Path) -> None:
    from django.utils import timezone

    from lachan.web.maintenance import maintenance_list

    planned = maintenance_list(home)
    for one in planned:
        begins, ends = (timezone.localtime(moment) for moment in (one.begins, one.ends))
        click.echo(f"{begins:%Y-%m-%dT%H:%M} until {ends:%Y-%m-%dT%H:%M}")
    if not planned:
        click.echo("none is planned")
