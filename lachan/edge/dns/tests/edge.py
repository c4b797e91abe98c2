"""A real edge process for tests, with a home and an upstream of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import dns.exception

from lachan.formats.snapshot.records import Verdict
from lachan.formats.snapshot.writer import SnapshotWriter


class Edge:
    def __init__(self, home, upstream_ports, *flags):
        self.home, self.flags = home, flags
        upstream = ",".join(f"127.0.0.1:{port}" for port in upstream_ports)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lachan.edge.dns", "--listen", "127.0.0.1:0", *flags],
            env={
                **os.environ,
                "LACHAN_HOME": str(home),
                "LACHAN_DNS_UPSTREAM": upstream,
                "LACHAN_DNS_FORWARD": "test",  # our own upstream knows it
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = self.process.stdout.readline()
        # The first address that it names; none where it could listen on none yet.
        found = re.search(r"127\.0\.0\.1:(\d+)", self.said)
        self.port = int(found[1]) if found else None

    @property
    def sealed_port(self):
        """Of DNS over TLS, or over HTTPS."""
        (address,) = self.status()["encrypted"]["listen"]
        return int(address.rpartition(":")[2])

    @property
    def authority(self):
        """The file of the certificate that its clients trust."""
        return self.home / "tls" / "authority.pem"

    def status(self):
        name = "dns-https" if "--https" in self.flags else "dns"
        return json.loads((self.home / "run" / f"{name}.json").read_text())

    def until(self, wanted, seconds=60):
        """Wait for something that must come true; `wanted` may fail while it is not yet, and datagrams get lost."""
        end = time.monotonic() + seconds
        while True:
            try:
                if (found := wanted()) or time.monotonic() > end:
                    return found
            except (OSError, ValueError, dns.exception.Timeout):
                if time.monotonic() > end:
                    raise
            time.sleep(0.02)

    def compiled(self):
        assert self.until(lambda: self.status()["compiled"], 120)
        return self

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        rest = self.process.communicate(timeout=20)[0]
        return self.process.returncode, rest

    def writer(self):
        return SnapshotWriter(self.home / "snapshots")


def verdict(name, category="scam", **more):
    return Verdict(kind="domain", value=name, categories=(category,), **more)
