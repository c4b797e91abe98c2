"""The encrypted ways in, as they are set."""

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from lachan.edge.dns.names import OwnNames, host_parse
from lachan.edge.dns.values import listened_parse
from lachan.kernel.env import Env, EnvError

if TYPE_CHECKING:
    from lachan.edge.dns.authority import Authority
    from lachan.edge.dns.certificates import Certificates


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """The encrypted ways in.

    Attributes:
        names: the edge's own.
        tls, https: where they are listened on; empty for not at all.
        tls_port, https_port: by which the world reaches them.
        certificate: files of a certificate and its key; None for the trial's own authority.
    """

    names: OwnNames
    tls: tuple[tuple[str, int], ...] = ()
    https: tuple[tuple[str, int], ...] = ()
    tls_port: int = 853
    https_port: int = 443
    certificate: tuple[Path, Path] | None = None

    def certificates(self, home: Path, protocols: list[str]) -> "Certificates":
        """What connections are opened with.

        Raises:
            BadCertificate, Unavailable: there is nothing to begin with.
        """
        from lachan.edge.dns.certificates import (
            Certificates,
        )

        return Certificates(lambda: self.files(home), protocols)

    def files(self, home: Path) -> tuple[Path, Path]:
        """Certificate and key. Raises: Unavailable."""
        return self.certificate or self.authority(home).files()

    def authority(self, home: Path) -> "Authority":
        """The trial's own."""
        from lachan.edge.dns.authority import Authority  # plain DNS starts without cryptography

        listened = dict.fromkeys(host for host, _ in (*self.tls, *self.https))
        return Authority(home, self.names.host, tuple(listened))


def ways_make(env: Env) -> Ways:
    """The encrypted ways in, by the environment.

    Raises:
        EnvError: a value cannot be used.
    """
    certificate, key = (
        env.parsed(f"LACHAN_DNS_{name}", "", lambda text: Path(text.strip()))
        for name in ("CERTIFICATE", "KEY")
    )
    pair = None
    if certificate != Path() or key != Path():
        if Path() in {certificate, key}:
            raise EnvError("LACHAN_DNS_CERTIFICATE and LACHAN_DNS_KEY belong together: set both")
        pair = certificate.absolute(), key.absolute()
    if (
        len(https := env.parsed("LACHAN_DNS_HTTPS_LISTEN", "", lambda t: listened_parse(t, 443)))
        > 1
    ):
        raise EnvError("LACHAN_DNS_HTTPS_LISTEN: one address is wanted")
    tls = env.parsed("LACHAN_DNS_TLS_LISTEN", "", lambda text: listened_parse(text, 853))
    return Ways(
        names=OwnNames(env.parsed("LACHAN_DNS_NAME", "dns.localhost", host_parse)),
        tls=tls,
        https=https,
        tls_port=env.number("LACHAN_DNS_TLS_PORT", tls[0][1] if tls else 853, high=0xFFFF),
        https_port=env.number("LACHAN_DNS_HTTPS_PORT", https[0][1] if https else 443, high=0xFFFF),
        certificate=pair,
    )
