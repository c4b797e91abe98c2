"""A real edge process for tests, with a home and an upstream of its own."""

import json
import os
import signal
import subprocess
import sys
import time

import dns.exception

from lachan.formats.snapshot.records import Verdict
from lachan.formats.snapshot.writer import SnapshotWriter


class Edge:
    def __init__(self, home, upstream_ports, *flags):
        self.home = home
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
            text=True,
        )
        line = self.process.stdout.readline()
        self.port = int(line.split("127.0.0.1:")[1].split(",")[0])

    @property
    def tls_port(self):
        (address,) = self.status()["encrypted"]["listen"]
        return int(address.rpartition(":")[2])

    def status(self):
        return json.loads((self.home / "run" / "dns.json").read_text())

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
