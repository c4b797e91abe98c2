"""Certificates of the encrypted ways in: read from files, taken anew when these change, never half.

A pair that cannot be used (another's key, cut short while it is being copied) changes nothing: the one from before
serves on, and the status says why.
"""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from lachan.kernel.errors import InvalidInput, LachanError

_LARGEST = 1 << 20


class BadCertificate(InvalidInput):
    """A certificate and its key cannot be used."""

    code = "bad-certificate"


class Pair(msgspec.Struct, frozen=True):
    """A certificate with its chain, and its key, both PEM."""

    certificate: bytes
    key: bytes


def pair_read(certificate: Path, key: Path) -> Pair:
    """What stands in two files now.

    Raises:
        BadCertificate: they cannot be read.
    """
    return Pair(_read(certificate, "certificate"), _read(key, "key"))


def pair_check(pair: Pair) -> datetime:
    """Until when the pair can be used.

    Raises:
        BadCertificate: it cannot, and why.
    """
    # Here: plain DNS starts without it.
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_private_key,
    )

    try:
        chain = x509.load_pem_x509_certificates(pair.certificate)
    except ValueError:
        raise BadCertificate("the certificate is no PEM file with a certificate in it") from None
    try:
        key = load_pem_private_key(pair.key, None)
    except TypeError:
        raise BadCertificate("the key is locked by a password: a plain one is wanted") from None
    except (ValueError, UnsupportedAlgorithm):
        raise BadCertificate("the key is no PEM file with a private key in it") from None
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if key.public_key().public_bytes(*form) != chain[0].public_key().public_bytes(*form):
        raise BadCertificate("the key is another certificate's: the first one in the file counts")
    return chain[0].not_valid_after_utc


def _read(path: Path, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST)
    except OSError as error:
        raise BadCertificate(f"the {what} cannot be read: {error.strerror}") from None


class Named(ssl.SSLObject):
    """One TLS connection. Attributes: asked: the name that the client wants to reach (SNI); None where it said none."""

    asked: str | None = None


class Certificates:
    """The TLS side of an address: `front` stays, the certificate behind it is replaced whole.

    Attributes:
        front: what connections are made from; session tickets are its own, and outlive a certificate.
        pair: what is in use.
        until: when it ends.
        fault: why what stands in the files is not in use; empty where it is.
    """

    def __init__(self, source: Callable[[], tuple[Path, Path]], protocols: list[str]) -> None:
        """`source`: the files; asked each time, it may make them (`authority`). `protocols`: ALPN.

        Raises:
            BadCertificate: there is nothing to begin with.
        """
        self._source, self._protocols = source, protocols
        self.fault = ""
        self._take(pair_read(*source()))
        self.front = _context(protocols)
        self.front.sslobject_class = Named
        self.front.sni_callback = self._named

    def follow(self) -> bool:
        """Take what stands in the files now; whether that is another certificate."""
        before = self.pair
        try:
            pair = pair_read(*self._source())
            if pair != before:
                self._take(pair)
        except (LachanError, OSError) as error:
            self.fault = _why(error)
            return False
        over = self.until < datetime.now(UTC)
        self.fault = "the certificate has ended: devices refuse to ask here" if over else ""
        return pair != before

    def _take(self, pair: Pair) -> None:
        until = pair_check(pair)
        context = _context(self._protocols)
        try:
            context.load_cert_chain(*self._source())
        except (ssl.SSLError, OSError) as error:
            raise BadCertificate(f"the pair cannot be used: {_why(error)}") from None
        self._inner, self.pair, self.until = context, pair, until

    def _named(self, link: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if isinstance(link, Named):
            link.asked = name
        link.context = self._inner


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "TLS refuses it").lower().replace("_", " ")
    if isinstance(error, OSError):
        return error.strerror or "it cannot be read"
    return str(error)


def _context(protocols: list[str]) -> ssl.SSLContext:
    """TLS 1.2 and newer (RFC 8310, section 3.2; RFC 9325)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(protocols)
    return context
