"""`lachan`: one door for the command line. A file in `commands/` is a command."""

import importlib
import os
import pkgutil
import sys
from pathlib import Path
from typing import Any

import click

from lachan.kernel.env import EnvError, settings_unknown
from lachan.kernel.errors import LachanError
from lachan.kernel.process import SUPERVISED, fault_tell

from . import commands
from .setup import unreachable


def _modules() -> dict[str, str]:
    """Command → module; `import_` is the command `import`, a word that no module can be called."""
    names = [m.name for m in pkgutil.iter_modules(commands.__path__)]
    return {name.rstrip("_").replace("_", "-"): name for name in names}


class _Commands(click.Group):
    """Finds each command by its file, and imports only the one that is called: a DNS edge that starts
    must not wait for Django.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_modules())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if (name := _modules().get(cmd_name)) is None:
            return None
        return importlib.import_module(f"{commands.__name__}.{name}").command

    def invoke(self, ctx: click.Context) -> Any:
        # Whatever an instance writes is its owner's alone, also in a folder that others may enter.
        os.umask(0o077)
        if SUPERVISED not in os.environ:
            for line in settings_unknown():
                click.echo(f"Warning: {line}", err=True)
        try:
            return self._invoke(ctx)
        except click.ClickException as error:
            fault_tell(error.format_message())
            raise
        except EnvError as error:
            fault_tell(str(error))
            raise

    def _invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LachanError as error:
            raise click.ClickException(f"{error} [{error.code}]") from error
        except Exception as error:
            # Only where Django is loaded at all can it be an error of its database.
            django = sys.modules.get("django.db")
            if django is None or not isinstance(error, django.OperationalError):
                raise
            raise click.ClickException(unreachable(error)) from error


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("lachan")
    except PackageNotFoundError:  # a checkout, which nobody installed
        import tomllib

        project = Path(__file__).parents[2] / "pyproject.toml"
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])


def _version_say(ctx: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001  click's own call
    if value and not ctx.resilient_parsing:
        click.echo(f"lachan, version {_version()}")
        ctx.exit()


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version_say,
    help="Show the version and exit.",
)
def cli() -> None:
    """Lá Chắn protects children online: a report becomes a case, a case an indicator, an indicator
    protection everywhere.

    \b
    Begin:    lachan up            start everything on this machine
              lachan demo          see the whole loop once, in a throw-away instance
    Ask:      lachan check VALUE   is this address, number, account or hash known?
    Care:     lachan doctor        is all well?

    Everything an instance owns stands in one folder: LACHAN_HOME (default ./var).
    """
