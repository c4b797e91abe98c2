"""What `lachan doctor` is made of: a file in `checks/` with a class derived from `Check` is a check."""

import dataclasses
import enum
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click

from lachan.kernel.discovery import discover
from lachan.kernel.env import EnvError


class Level(enum.IntEnum):
    """How bad; also the exit status of `lachan doctor`."""

    WELL = 0
    WARNING = 1
    FAULT = 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check saw.

    Attributes:
        says: one sentence, without personal data.
        way: what to do about it; empty when all is well.
    """

    level: Level = Level.WELL
    says: str
    way: str = ""


def warning(says: str, way: str) -> Finding:
    return Finding(level=Level.WARNING, says=says, way=way)


def fault(says: str, way: str) -> Finding:
    return Finding(level=Level.FAULT, says=says, way=way)


Tell = Callable[[int], None]


class Check:
    """One thing to look at.

    Attributes:
        name: how it is called, in print and in JSON.
        order: those with the smaller number come first.
        needs: names of the checks without which this one makes no sense.
    """

    name: str
    order: int
    needs: tuple[str, ...] = ("home", "database")

    def look(self, home: Path, tell: Tell) -> Finding:
        """Look, and change nothing. A long one calls `tell` with how far it is.

        An exception counts as a fault.
        """
        raise NotImplementedError


def check_all(home: Path) -> dict[str, Finding]:
    """Every check's finding, in order; what cannot be looked at says so."""
    found: dict[str, Finding] = {}
    out: set[str] = set()
    checks = discover("lachan.cli.checks", Check).values()
    for check in sorted(checks, key=lambda check: check.order):
        if lacking := out.intersection(check.needs):
            found[check.name] = warning(
                f"not looked at, because of: {', '.join(sorted(lacking))}",
                "first mend what is named there",
            )
        else:
            found[check.name] = _look(check, home)
        if lacking or found[check.name].level is Level.FAULT:
            out.add(check.name)
    return found


def _look(check: Check, home: Path) -> Finding:
    tell, done = _teller(check.name)
    try:
        return check.look(home, tell)
    except EnvError as error:
        return fault(str(error), "docs/howto/settings.md says what it may be")
    except Exception as error:  # noqa: BLE001  one broken thing must not hide the state of the others
        # Its text may hold what must not be printed: the kind is enough to report.
        return fault(
            f"looking failed ({type(error).__name__})", "report this, with the lines above"
        )
    finally:
        done()


def _teller(name: str) -> tuple[Tell, Callable[[], None]]:
    """Progress on stderr, for whoever looks on; a line in a log now and then where nobody does."""
    is_seen, last = sys.stderr.isatty(), time.monotonic()

    def tell(number: int) -> None:
        nonlocal last
        if time.monotonic() - last >= (0.1 if is_seen else 10):
            last = time.monotonic()
            click.echo(f"\r{name}: {number:,} …", nl=not is_seen, err=True)

    def done() -> None:
        if is_seen:
            click.echo("\r\x1b[K", nl=False, err=True)

    if is_seen:
        click.echo(f"\r{name} …", nl=False, err=True)
    return tell, done
