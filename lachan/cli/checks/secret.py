from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault
from lachan.kernel.env import Env, EnvError
from lachan.kernel.env_kinds import secret
from lachan.kernel.home import SecretUnusable, secret_find


class Secret(Check):
    """The secret that receipts and sessions hang on. A new one in place of a lost one opens no receipt."""

    name, order, needs = "secret", 1, ("home",)

    def look(self, home: Path, tell: Tell) -> Finding:
        env = Env()
        try:
            if env.is_set("LACHAN_SECRET_KEY"):
                env.parsed("LACHAN_SECRET_KEY", "", secret)
                return Finding(says="from the environment")
            found = secret_find(home)
        except EnvError as error:
            return fault(
                str(error), "put the setting right: without its secret no receipt opens its report"
            )
        except SecretUnusable as error:
            return fault(str(error), f"put the kept copy into {home}")
        if found is not None:
            return Finding(says="secret.key, readable by its owner alone")
        if (home / "db.sqlite3").exists() or env.text("DATABASE_URL", ""):
            way = f"put the kept copy of secret.key into {home}: without it no receipt opens its report"
            return fault("secret.key is missing", way)
        return fault("secret.key is missing", "begin with `lachan up`, which makes it")
