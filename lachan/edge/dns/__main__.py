"""`python -m lachan.edge.dns`: see `--help` and docs/howto/dns-edge.md."""

import sys
import tempfile
import time
from collections.abc import Sequence

from lachan.edge.dns.server import say, serve
from lachan.edge.dns.settings import parser_make, settings_make
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


def main(arguments: Sequence[str] | None = None) -> int:
    flags = parser_make().parse_args(arguments)
    if flags.warm:
        warm()
        return 0
    try:
        serve(settings_make(flags), https=flags.https)
    except LachanError as error:
        sys.stderr.write(f"{error} [{error.code}]\n")
        fault_tell(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
