from django.contrib.auth.hashers import Argon2PasswordHasher

from lachan.kernel.sealing.turns import turn_taken


class TurnsArgon2PasswordHasher(Argon2PasswordHasher):
    """Django's, of which only so many run at once in a process: each takes 100 MiB."""

    def encode(self, password: str, salt: str) -> str:
        with turn_taken():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with turn_taken():
            return super().verify(password, encoded)
