from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault


class Instance(Check):
    """Secret, database and home belong together."""

    name, order = "instance", 5

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.kernel.errors import Conflict
        from lachan.members.services import factor_secrets_open
        from lachan.outbox.services import instance_is_marked, instance_verify

        try:
            instance_verify()
        except Conflict as error:
            says, _, way = str(error).partition(": ")
            return fault(says, way)
        if not instance_is_marked() and not factor_secrets_open():
            says = "the secret does not open what this database holds"
            return fault(
                says, "bring the kept copy of secret.key back, or put LACHAN_SECRET_KEY right"
            )
        return Finding(says="secret, database and home belong together")
