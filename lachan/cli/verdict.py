"""Exit status and output of `lachan match`, `scan` and `hash`: 1 says that something is known, so nothing else
may.
"""

import contextlib
import traceback
from collections.abc import Iterator

import click

from lachan.kernel.errors import LachanError

NOTHING, KNOWN, FAILED, QUARANTINED, INTERRUPTED = 0, 1, 2, 3, 130


@contextlib.contextmanager
def or_failure(ctx: click.Context, *, goes_on: bool = False) -> Iterator[None]:
    """End with FAILED where there is no answer, and with INTERRUPTED where nobody waits for one.

    Args:
        ctx: of the command.
        goes_on: whether the same command takes up what is interrupted.
    """
    try:
        yield
    except KeyboardInterrupt:
        click.echo("interrupted" + ("; the same command goes on" if goes_on else ""), err=True)
        ctx.exit(INTERRUPTED)
    except (LachanError, OSError) as error:
        click.echo(f"Error: {_words(error)}", err=True)
        ctx.exit(FAILED)
    except Exception:  # noqa: BLE001  a fault of ours: Python would end with 1
        traceback.print_exc()
        ctx.exit(FAILED)


def _words(error: LachanError | OSError) -> str:
    from lachan.matching.records import NoCollection

    if isinstance(error, NoCollection):
        return f"{error}; `lachan collection import` makes one of a list"
    if isinstance(error, OSError):
        said = (error.strerror or str(error) or type(error).__name__).lower()
        return f"{error.filename}: {said}" if error.filename else said
    return str(error)


def plain(text: str) -> str:
    """As a terminal may show it: a file's name can hold commands to the terminal, and line ends."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )
