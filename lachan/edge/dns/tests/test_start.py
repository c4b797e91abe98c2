"""A start, again after each fault, waits for nothing that answers need not."""

import subprocess
import sys

_ASKED = """
import sys
import lachan.edge.dns.__main__
from lachan.formats.snapshot.keys import DOMAIN, key_decode
from lachan.formats.observables.wire import domain_to_wire
assert key_decode(DOMAIN, domain_to_wire("xau.example")) == "xau.example"
sys.stdout.write(" ".join(sys.modules))
"""


def test_it_starts_without_a_search_for_kinds():
    done = subprocess.run(
        [sys.executable, "-c", _ASKED], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "lachan.edge.dns.server" in loaded
    assert not loaded & {"lachan.formats.observables.kinds.url.kind", "phonenumbers"}
