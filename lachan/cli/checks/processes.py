import json
import time
from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault, warning
from lachan.kernel.running import running

_SILENT = 10.0  # seconds; the edge writes its state twice a second


class Processes(Check):
    """What `lachan up` started still runs."""

    name, order, needs = "processes", 10, ("home",)

    def look(self, home: Path, tell: Tell) -> Finding:
        try:
            begun = running(home)
        except ValueError:
            return fault("run/up.json is not readable", "stop `lachan up` and start it again")
        if not begun:
            way = "start `lachan up`; where its processes run apart, ask what runs them"
            return warning("nothing was started here by `lachan up`", way)
        gone = [name for name, since in begun.items() if since is None]
        if len(gone) == len(begun):
            return fault("none of them runs any more", "start `lachan up` again")
        if not self._is_locked(home):
            way = "start `lachan up` again; it takes over without a pause"
            return fault("the supervisor was killed; the others go on without it", way)
        if gone:
            way = "`lachan up` starts it again; if it falls again, look at its log"
            return fault(f"not running: {', '.join(sorted(gone))}", way)
        return self._edge(home) or Finding(says=", ".join(sorted(begun)))

    @staticmethod
    def _is_locked(home: Path) -> bool:
        import fcntl

        with (home / "run" / "up.lock").open("r") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return True
        return False

    @staticmethod
    def _edge(home: Path) -> Finding | None:
        try:
            status = json.loads((home / "run" / "dns.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return warning("the DNS edge says nothing of itself", "look at its log")
        if time.time() - status["written"] > _SILENT:
            return fault("the DNS edge hangs", "end it; `lachan up` starts it again")
        if status["fault"]:
            return warning(f"the DNS edge ignores {status['fault']}", "mend dns-policy.json")
        return None
