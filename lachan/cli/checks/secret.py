import os
from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault


class Secret(Check):
    """The secret that receipts and sessions hang on. A new one in place of a lost one opens no receipt."""

    name, order, needs = "secret", 1, ("home",)

    def look(self, home: Path, tell: Tell) -> Finding:
        if "LACHAN_SECRET_KEY" in os.environ or "LACHAN_SECRET_KEY_FILE" in os.environ:
            return Finding(says="from the environment")
        path = home / "secret.key"
        if not path.exists():
            if (home / "db.sqlite3").exists() or os.environ.get("DATABASE_URL"):
                way = f"put the kept copy of secret.key into {home}: without it no receipt opens its report"
                return fault("secret.key is missing", way)
            return fault("secret.key is missing", "begin with `lachan up`, which makes it")
        if len(path.read_bytes().strip()) < 32:
            return fault("secret.key is cut short", f"put the kept copy into {home}")
        return Finding(says="secret.key, readable by its owner alone")
