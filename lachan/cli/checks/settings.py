import contextlib
from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault, warning
from lachan.kernel.env import EnvError, settings_unknown
from lachan.kernel.home import SecretUnusable


class Settings(Check):
    """Every setting of every process can be used, and none is misspelt."""

    name, order, needs = "settings", 2, ("home",)

    def look(self, home: Path, tell: Tell) -> Finding:
        try:
            self._read()
        except EnvError as error:
            return fault(str(error), "docs/howto/settings.md says what it may be")
        if unknown := settings_unknown():
            return warning("; ".join(unknown), "docs/howto/settings.md lists what there is")
        return Finding(says="each can be used")

    @staticmethod
    def _read() -> None:
        from lachan.edge.dns import settings as dns
        from lachan.edge.matching import settings as matching
        from lachan.edge.metrics.__main__ import listen_setting
        from lachan.sightings.shards import shard_setting

        dns.settings_make(dns.parser_make().parse_args([]))
        matching.settings_make()
        shard_setting()
        listen_setting()
        with contextlib.suppress(SecretUnusable):  # another check's affair
            import lachan.config.environment  # noqa: F401  reading them is what is looked at
