"""`python -m lachan.edge.dns`: see `--help` and docs/howto/dns-edge.md."""

import sys
import tempfile
import time
from collections.abc import Sequence

from lachan.edge.dns.server import say, serve
from lachan.edge.dns.settings import Settings, parser_make, settings_make
from lachan.kernel.errors import LachanError
from lachan.kernel.process import fault_tell


def warm() -> None:
    """Compile the packet path and the builder of snapshots into the cache on the disk, so that an edge
    starts at full speed and the first snapshot is not late.
    """
    say("compiling the DNS packet path (up to half a minute, once) …")
    began = time.monotonic()
    from lachan.edge.dns import fast_path
    from lachan.formats.snapshot.records import Verdict
    from lachan.formats.snapshot.writer import SnapshotWriter

    fast_path.warm()
    with tempfile.TemporaryDirectory() as folder, SnapshotWriter(folder) as writer:
        writer.rebuild_domains(b"warm.test\n", Verdict(kind="domain", value="warm.test"), 1)
    say(f"DNS packet path ready, {time.monotonic() - began:.1f} s")


def authority_say(settings: Settings) -> None:
    """Where the trial's authority is, and by what it is known.

    Raises:
        Unavailable: it cannot be made.
    """
    if settings.ways.certificate is not None:
        say("The certificate comes from LACHAN_DNS_CERTIFICATE: devices trust whoever signed it.")
        return
    authority = settings.ways.authority(settings.home)
    authority.begin()
    say(f"""{authority.certificate}
SHA-256 {authority.fingerprint()}

Put this file on a device as a certificate authority, and compare the fingerprint there. It can vouch for
{settings.ways.names.host} and what lies below it, and for nothing else. Android's Private DNS trusts no authority that its
owner adds: that needs a certificate that every device knows. docs/howto/dns-edge.md says how, for each system.""")


def main(arguments: Sequence[str] | None = None) -> int:
    flags = parser_make().parse_args(arguments)
    if flags.warm:
        warm()
        return 0
    try:
        settings = settings_make(flags)
        if flags.authority:
            authority_say(settings)
            return 0
        serve(settings, https=flags.https)
    except LachanError as error:
        sys.stderr.write(f"{error} [{error.code}]\n")
        fault_tell(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
