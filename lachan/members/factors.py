"""Second factors: allauth keeps and checks them; here is what this product asks of it."""

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings

from lachan.kernel.sealing.locks import lock_with, unlock_with


class FactorAdapter(DefaultMFAAdapter):
    """Secrets of codes rest locked under the instance's own secret, which is not in the database."""

    def encrypt(self, text: str) -> str:
        return lock_with(text, secret=_secret()).hex()

    def decrypt(self, encrypted_text: str) -> str:
        return unlock_with(bytes.fromhex(encrypted_text), secret=_secret())

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": settings.MFA_TOTP_ISSUER}


def _secret() -> bytes:
    return b"lachan second factor " + settings.SECRET_KEY.encode()
