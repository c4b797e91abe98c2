"""What may be set, by flag or by environment."""

import argparse
from pathlib import Path

import msgspec

from lachan.edge.matching.quotas import Quota
from lachan.kernel.env import Env, EnvError
from lachan.kernel.env_kinds import address_port
from lachan.kernel.home import home_path

MASTER = "LACHAN_MATCH_MASTER"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes: quota: of a key, for all processes of this server together; workers: how many they are."""

    home: Path
    listen: tuple[str, int]
    workers: int
    quota: Quota

    @property
    def share(self) -> Quota:
        """One process's part of the quota: processes count alone."""
        return Quota(self.quota.minute // self.workers, self.quota.day // self.workers)


def parser_make() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lachan match-server",
        description="Answers platforms, by API key, which fingerprints are on the lists.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""\
lachan match-server
lachan match-server --listen 127.0.0.1:8001 --workers 4

Each flag may also be set by the variable in brackets. docs/howto/match-server.md""",
    )
    add = parser.add_argument
    add("--listen", metavar="ADDRESS:PORT", help="[LACHAN_MATCH_LISTEN, 127.0.0.1:8001]")
    add("--workers", metavar="N", help="processes that answer [LACHAN_MATCH_WORKERS, 1]")
    add("--per-minute", metavar="N", help="values a key [LACHAN_MATCH_PER_MINUTE, 600000]")
    add("--per-day", metavar="N", help="values a key [LACHAN_MATCH_PER_DAY, 20000000]")
    return parser


def settings_make(flags: dict[str, str | None] | None = None) -> Settings:
    """Flags first, then the environment, then the defaults.

    Raises:
        EnvError: a value cannot be used.
    """
    given = {
        f"LACHAN_MATCH_{name.upper()}": value
        for name, value in (flags or {}).items()
        if value is not None
    }
    env, usual = Env(flags=given), Quota()
    workers = env.number("LACHAN_MATCH_WORKERS", 1, low=1, high=256)
    return Settings(
        home=home_path(),
        listen=env.parsed("LACHAN_MATCH_LISTEN", "127.0.0.1:8001", address_port),
        workers=workers,
        quota=Quota(
            _quota(env, "LACHAN_MATCH_PER_MINUTE", usual.minute, workers),
            _quota(env, "LACHAN_MATCH_PER_DAY", usual.day, workers),
        ),
    )


def _quota(env: Env, name: str, usual: int, workers: int) -> int:
    value = env.number(name, usual, low=1, high=2**40)
    if value < workers:
        raise EnvError(f"{name} is divided among {workers} workers: so few leave none for each")
    return value
