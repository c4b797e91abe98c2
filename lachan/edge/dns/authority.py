"""The trial's own certificate authority, for an edge without a certificate from elsewhere.

Who trusts it trusts it for this edge alone: a name constraint (RFC 5280, section 4.2.1.10) keeps it from vouching for
any other name, so that a key stolen from a trial opens nobody's bank. It lives in LACHAN_HOME/tls, and devices trust
its certificate for ten years; the edge's own is made anew well before it ends.
"""

import contextlib
import fcntl
import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lachan.edge.dns.certificates import BadCertificate, Pair, pair_check, pair_read
from lachan.kernel.errors import Unavailable
from lachan.kernel.files import file_write

AUTHORITY_DAYS, LEAF_DAYS, RENEW_DAYS = 3650, 90, 30
_OTHERS = 16
_HOUR = timedelta(hours=1)  # of a clock that is not quite right
# Of the machine itself and of homes: an address that the world reaches has a certificate from elsewhere.
_NETWORKS = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
             "::1/128", "fc00::/7", "fe80::/10")  # fmt: skip


class Authority:
    """Attributes: certificate: the file that devices are given to trust."""

    def __init__(self, home: Path, host: str, addresses: tuple[str, ...] = ()) -> None:
        """`host`: as `names.OwnNames`; `addresses`: by which the edge is reached, besides by name."""
        self._folder, self._host = home / "tls", host
        self._addresses = tuple(
            one for one in map(ipaddress.ip_address, addresses) if _at_home(one)
        )
        self.certificate = self._folder / "authority.pem"
        self._leaf = self._folder / "edge.pem", self._folder / "edge.key"

    def files(self) -> tuple[Path, Path]:
        """The edge's certificate and key; made where there are none, or they end soon or are for other names.

        Raises:
            Unavailable: the folder cannot be written, and holds none to go on with.
        """
        if not self._good(RENEW_DAYS):
            try:
                with self._alone():
                    if not self._good(RENEW_DAYS):
                        self._leaf_make(*self._authority())
            except OSError as error:
                if not self._good(0):
                    said = f"{self._folder} cannot be written: {error.strerror}"
                    raise Unavailable(said) from None
        return self._leaf

    def _good(self, days: int) -> bool:
        try:
            pair = pair_read(*self._leaf)
            left = pair_check(pair) - datetime.now(UTC)
        except BadCertificate:
            return False
        issued = x509.load_pem_x509_certificates(pair.certificate)
        with contextlib.suppress(OSError, ValueError):
            known = x509.load_pem_x509_certificate(self.certificate.read_bytes())
            missing = set(self._names()) - set(_names_of(issued))
            return issued[-1] == known and left.days >= days and not missing
        return False

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Several processes of an edge begin at once: one makes, the others find it made."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _authority(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        """The authority as it stands; a new one where there is none, or it is for another host."""
        path = self._folder / "authority.key"
        with contextlib.suppress(OSError, ValueError, BadCertificate):
            pair = Pair(self.certificate.read_bytes(), path.read_bytes())
            left = pair_check(pair) - datetime.now(UTC)
            found = x509.load_pem_x509_certificate(pair.certificate)
            key = load_pem_private_key(pair.key, None)
            if left.days > LEAF_DAYS and _permits(found, self._host):
                if not isinstance(key, ec.EllipticCurvePrivateKey):
                    raise ValueError
                return found, key
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"Lá Chắn trial, {self._host}"[:64])
        permitted = [x509.DNSName(self._host)]
        reached = [x509.IPAddress(ipaddress.ip_network(one)) for one in _NETWORKS]
        found = (
            _begun(name, name, AUTHORITY_DAYS)
            .public_key(key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.NameConstraints([*permitted, *reached], None), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        file_write(path, _key_pem(key))
        file_write(self.certificate, found.public_bytes(Encoding.PEM), mode=0o644)
        return found, key

    def _leaf_make(self, authority: x509.Certificate, signer: ec.EllipticCurvePrivateKey) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = x509.SubjectKeyIdentifier.from_public_key(signer.public_key())
        leaf = (
            _begun(_name(self._host[:64]), authority.subject, LEAF_DAYS)
            .public_key(key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(self._names_kept()), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer),
                critical=False,
            )
            .sign(signer, hashes.SHA256())
        )
        whole = leaf.public_bytes(Encoding.PEM) + authority.public_bytes(Encoding.PEM)
        # Between the two nobody can use the pair, and whoever looks keeps what he has.
        file_write(self._leaf[1], _key_pem(key))
        file_write(self._leaf[0], whole, mode=0o644)

    def _names(self) -> list[x509.GeneralName]:
        names = [x509.DNSName(self._host), x509.DNSName(f"*.{self._host}")]
        return [*names, *map(x509.IPAddress, self._addresses)]

    def _names_kept(self) -> list[x509.GeneralName]:
        """Ours, and addresses that another process of this edge had put in: each knows its own alone."""
        names = self._names()
        with contextlib.suppress(OSError, ValueError, x509.ExtensionNotFound):
            before = _names_of(x509.load_pem_x509_certificates(self._leaf[0].read_bytes()))
            others = [one for one in before if isinstance(one, x509.IPAddress) and one not in names]
            names += others[:_OTHERS]
        return names

    def begin(self) -> None:
        """Make the authority, where there is none, without a certificate by it.

        Raises:
            Unavailable: the folder cannot be written.
        """
        try:
            with self._alone():
                self._authority()
        except OSError as error:
            raise Unavailable(f"{self._folder} cannot be written: {error.strerror}") from None

    def fingerprint(self) -> str:
        """By which a person sees that it is this one: SHA-256, in pairs.

        Raises:
            OSError, ValueError: there is none.
        """
        found = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        return found.fingerprint(hashes.SHA256()).hex(":").upper()


def _at_home(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return any(
        address in network
        for network in map(ipaddress.ip_network, _NETWORKS)
        if network.version == address.version
    )


def _names_of(chain: list[x509.Certificate]) -> list[x509.GeneralName]:
    found = chain[0].extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return list(found.value)


def _permits(authority: x509.Certificate, host: str) -> bool:
    found = authority.extensions.get_extension_for_class(x509.NameConstraints)
    return x509.DNSName(host) in (found.value.permitted_subtrees or [])


def _name(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])


def _begun(subject: x509.Name, issuer: x509.Name, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _HOUR)
        .not_valid_after(now + timedelta(days=days))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
