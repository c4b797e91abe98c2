import os
import stat
from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault
from lachan.kernel.home import home_unsafe


class Home(Check):
    """The folder that holds everything is there, and nobody else reads it."""

    name, order, needs = "home", 0, ()

    def look(self, home: Path, tell: Tell) -> Finding:
        if not home.is_dir():
            return fault(f"{home} does not exist", "set LACHAN_HOME, or begin with `lachan up`")
        if home.stat().st_uid != os.getuid():
            return fault(f"{home} belongs to another user", "run this as the user of the service")
        if open_ones := home_unsafe(home):
            modes = ", ".join(f"{p} ({stat.filemode(p.stat().st_mode)})" for p in open_ones)
            return fault(f"others may read {modes}", f"chmod -R go= {home}")
        if not os.access(home, os.W_OK | os.X_OK):
            return fault(f"{home} cannot be written", "look whether its disk is mounted read-only")
        return Finding(says=str(home))
