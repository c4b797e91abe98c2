"""The edge beside Unbound over TLS and over HTTPS: the same names, half of them blocked, the other half from a warm
cache; the same certificate, the same client. Each server in turn on core 0, the client on core 1, medians of several
rounds.

    python benchmarks/dns_ways.py [--names 100000] [--allowed 20000] [--seconds 3] [--rounds 5] [--connections 8]

Prints one JSON object. `dot_ratio` and `doh_ratio` are the edge's questions a second over Unbound's (bars: 2.0 and
0.5), `…_ratio_cpu` the same of processor time a question, which other work on the machine disturbs less.

The client (this program, by `--client`) keeps `--pipeline` questions under way on each connection, and one process does
nothing else. Over TLS it writes each question as a record of its own, as most clients do, and counts replies in compiled
code; over HTTPS it speaks HTTP/2 by POST, and counts the frames that end a stream. `…_client_idle` says how much of its
core it left: where that is nothing, the client was the limit and the ratio is too low. `dnsperf_…` are the same by
dnsperf, where it is installed (0: it is not).
"""

import argparse
import contextlib
import json
import os
import random
import re
import selectors
import shutil
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
HOST = "dns.bench.test"


# The client


def wire(name):
    labels = b"".join(bytes((len(part),)) + part.encode() for part in name.split("."))
    return b"\0\7\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1"


def compiled_counts():
    """Functions that count whole messages in a stream: (how many, bytes used up)."""
    from numba import njit

    @njit
    def frames(data, size):
        at, count = 0, 0
        while at + 2 <= size:
            end = at + 2 + (np.int64(data[at]) << 8 | data[at + 1])
            if end > size:
                break
            at, count = end, count + 1
        return count, at

    @njit
    def ended(data, size):
        at, count = 0, 0
        while at + 9 <= size:
            end = at + 9 + (np.int64(data[at]) << 16 | np.int64(data[at + 1]) << 8 | data[at + 2])
            if end > size:
                break
            count += data[at + 3] == 0 and data[at + 4] & 1
            at = end
        return count, at

    return frames, ended


class Connection:
    """One of the client's: TLS without its socket, so that what is sent at once leaves at once."""

    def __init__(self, port, context, questions, way, count, pipeline):
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_hostname=HOST)
        self._questions, self._next, self._count = questions, 0, count
        self._plain = bytearray(1 << 18)
        self._view, self._array = memoryview(self._plain), np.frombuffer(self._plain, np.uint8)
        self._kept = self.under_way = self.done = 0
        self._way, self._pipeline, self._stream = way, pipeline, 1
        self._got = 0
        self._handshake()

    def _handshake(self):
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._send()
                self.sock.setblocking(True)
                self._in.write(self.sock.recv(65_536))
        if self._way == "doh":
            update = struct.pack(">BHBBIHI", 0, 6, 4, 0, 0, 4, (1 << 31) - 1)
            grant = struct.pack(">BHBBII", 0, 4, 8, 0, 0, (1 << 31) - 1 - 65_535)
            self._tls.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + update + grant)
        self._send()
        self.sock.setblocking(False)

    def _send(self):
        raw = self._out.read()
        if raw:
            self.sock.setblocking(True)
            self.sock.sendall(raw)
            self.sock.setblocking(False)

    def fill(self):
        write = self._tls.write
        for _ in range(self._pipeline - self.under_way):
            question = self._questions[self._next]
            self._next = (self._next + 1) % len(self._questions)
            if self._way == "doh":
                head = struct.pack(">BHBBI", 0, len(HEAD), 1, 4, self._stream) + HEAD
                question = (
                    head + struct.pack(">BHBBI", 0, len(question), 0, 1, self._stream) + question
                )
                self._stream += 2
            write(question)
        self.under_way = self._pipeline
        self._send()

    def take(self):
        """Read what came, and count what is whole."""
        self._in.write(self.sock.recv(1 << 18))
        at = self._kept
        with contextlib.suppress(ssl.SSLWantReadError):
            while self._in.pending or self._tls.pending():
                at += self._tls.read(len(self._plain) - at, self._view[at:])
        count, used = self._count(self._array, at)
        self._plain[: at - used] = self._plain[used:at]
        self._kept = at - used
        self.done += count
        self.under_way -= count


HEAD = (
    b"\x83\x87"
     b"\x04\x0a/dns-query"
     b"\x01" + bytes((len(HOST),)) + HOST.encode()
    + b"\x0f\x10\x17application/dns-message"
)  # fmt: skip


def client(options):
    """Ask until the time is over; prints how many were answered, in how long, at what of its core."""
    frames, ended = compiled_counts()
    context = ssl.create_default_context(cafile=options.authority)
    context.set_alpn_protocols(["h2" if options.client == "doh" else "dot"])
    names = Path(options.questions).read_text().split()
    asked = [wire(name) for name in names]
    if options.client == "dot":
        asked = [len(one).to_bytes(2, "big") + one for one in asked]
    count = frames if options.client == "dot" else ended
    count(np.zeros(1, np.uint8), 0)
    chooser, links = selectors.DefaultSelector(), []
    for number in range(options.connections):
        mine = asked[number :: options.connections]
        link = Connection(options.port, context, mine, options.client, count, options.pipeline)
        chooser.register(link.sock, selectors.EVENT_READ, link)
        links.append(link)
        link.fill()
    began, spent, skipped = time.perf_counter(), time.process_time(), 0
    warm = began + 0.3
    end = warm + options.seconds
    while (now := time.perf_counter()) < end:
        if skipped == 0 and now > warm:
            skipped = sum(link.done for link in links) or 1
            began, spent = now, time.process_time()
        for key, _ in chooser.select(1.0):
            link = key.data
            link.take()
            if link.under_way <= options.pipeline // 2:
                link.fill()
    took = time.perf_counter() - began
    done = sum(link.done for link in links) - skipped
    busy = (time.process_time() - spent) / took
    print(json.dumps({"qps": done / took, "done": done, "idle": 1 - busy}))


# The servers


def unbound_config(folder, tls, https):
    """What Unbound needs besides (`dns.UNBOUND`) for the same ways in."""
    import dns as plain

    pair = folder / "tls" / "edge.pem", folder / "tls" / "edge.key"
    return plain.UNBOUND.replace(
        "  port: {port}\n",
        f"""  port: {{port}}
  interface: 127.0.0.1@{tls}
  interface: 127.0.0.1@{https}
  tls-port: {tls}
  https-port: {https}
  tls-service-key: "{pair[1]}"
  tls-service-pem: "{pair[0]}"
  incoming-num-tcp: 200
  http-max-streams: 1000
""",
    )


def https_start(folder, port, upstream):
    """The edge's process for HTTPS, when its compiled path is there."""
    import dns as plain

    command = [sys.executable, "-m", "lachan.edge.dns", "--https", "--cache-mb", "256"]
    pinned = ["taskset", "-c", "0"] if shutil.which("taskset") else []
    env = {**os.environ, "LACHAN_HOME": str(folder), "PYTHONPATH": str(ROOT)}
    env["LACHAN_DNS_UPSTREAM"] = f"127.0.0.1:{upstream}"
    server = plain.Server.__new__(plain.Server)
    server.port = port
    server.process = subprocess.Popen([*pinned, *command], env=env, stdout=subprocess.DEVNULL)
    began = time.monotonic()
    while time.monotonic() - began < 120:
        with contextlib.suppress(OSError, ValueError):
            if json.loads((folder / "run" / "dns-https.json").read_text())["compiled"]:
                return server
        time.sleep(0.05)
    raise SystemExit("DNS over HTTPS did not start")


def measure(server, port, way, folder, options):
    """One round of one server."""
    command = [sys.executable, __file__, "--client", way, "--port", str(port)]
    command += ["--authority", str(folder / "tls" / "authority.pem")]
    command += ["--questions", str(folder / "names.txt"), "--seconds", str(options.seconds)]
    command += ["--connections", str(options.connections), "--pipeline", str(options.pipeline)]
    if shutil.which("taskset"):
        command = ["taskset", "-c", "1", *command]
    before = server.cpu_seconds()
    found = json.loads(
        subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    )
    # The client's first moments are not counted, the server's are: the same part of both.
    spent = (server.cpu_seconds() - before) * options.seconds / (options.seconds + 0.3)
    return {**found, "cpu_us": spent / max(1, found["done"]) * 1e6}


def dnsperf(port, way, folder, options):
    command = [
        "dnsperf",
        "-s",
        "127.0.0.1",
        "-p",
        str(port),
        "-d",
        str(folder / "queries.txt"),
        "-m",
        way,
    ]
    command += ["-l", str(max(1, int(options.seconds))), "-c", str(options.connections), "-T", "1"]
    command += ["-q", str(options.connections * options.pipeline)]
    if way == "doh":
        command += ["-O", f"doh-uri=https://{HOST}/dns-query"]
    if shutil.which("taskset"):
        command = ["taskset", "-c", "1", *command]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(re.search(r"Queries per second:\s+([\d.]+)", shown)[1])


def run(options, folder):
    import dns as plain

    from lachan.formats.snapshot.writer import SnapshotWriter

    blocked = plain.names_make(options.names, "b", 1)
    allowed = plain.names_make(options.allowed, "a", 2)
    chance = random.Random(3)
    count = min(options.names, 50_000)
    lines = chance.sample(blocked, count) + chance.choices(allowed, k=count)
    chance.shuffle(lines)
    (folder / "names.txt").write_text("\n".join(lines))
    (folder / "queries.txt").write_text("".join(f"{name} A\n" for name in lines))
    upstream = plain.TinyUpstream()
    upstream.start()
    ports = {name: plain.free_port() for name in ("tls", "https", "unbound_tls", "unbound_https")}
    os.environ |= {
        "LACHAN_DNS_NAME": HOST,
        "LACHAN_DNS_TLS_LISTEN": f"127.0.0.1:{ports['tls']}",
        "LACHAN_DNS_HTTPS_LISTEN": f"127.0.0.1:{ports['https']}",
    }
    with SnapshotWriter(folder / "snapshots") as writer:
        writer.rebuild_domains("\n".join(blocked).encode(), plain.SHOULD_BLOCK, 2)
    servers = []
    try:
        edge, _ = plain.edge_start(folder, upstream.port, blocked)
        servers.append(edge)
        https = https_start(folder, ports["https"], upstream.port)
        servers.append(https)
        plain.UNBOUND = unbound_config(folder, ports["unbound_tls"], ports["unbound_https"])
        unbound = plain.unbound_start(folder, upstream.port, blocked)
        servers.append(unbound)
        pairs = {
            "dot": [("edge", edge, ports["tls"]), ("unbound", unbound, ports["unbound_tls"])],
            "doh": [("edge", https, ports["https"]), ("unbound", unbound, ports["unbound_https"])],
        }
        found = {
            "names": options.names,
            "connections": options.connections,
            "pipeline": options.pipeline,
        }
        for way, pair in pairs.items():
            found |= rounds(way, pair, folder, options)
        return found
    finally:
        for server in servers:
            server.stop()


def rounds(way, pair, folder, options):
    """Each server in turn, round by round, after one that fills the caches: what else the machine does strikes both."""
    taken = {name: [] for name, _, _ in pair}
    by_dnsperf = {name: [] for name, _, _ in pair}
    for number in range(options.rounds + 1):
        for name, server, port in pair:
            row = measure(server, port, way, folder, options)
            if number:
                taken[name].append(row)
                if shutil.which("dnsperf"):
                    by_dnsperf[name].append(dnsperf(port, way, folder, options))
    found = {}
    for name, rows in taken.items():
        for word in ("qps", "cpu_us", "idle"):
            value = statistics.median(row[word] for row in rows)
            label = f"{way}_{name}_client_idle" if word == "idle" else f"{way}_{name}_{word}"
            found[label] = round(value) if word == "qps" else round(value, 2)
    ratio = [a["qps"] / b["qps"] for a, b in zip(taken["edge"], taken["unbound"], strict=True)]
    found[f"{way}_ratio"] = round(statistics.median(ratio), 2)
    found[f"{way}_ratio_cpu"] = round(
        found[f"{way}_unbound_cpu_us"] / found[f"{way}_edge_cpu_us"], 2
    )
    other = [a / b for a, b in zip(by_dnsperf["edge"], by_dnsperf["unbound"], strict=True)]
    found[f"dnsperf_{way}_ratio"] = round(statistics.median(other), 2) if other else 0
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--names", type=int, default=100_000)
    parser.add_argument("--allowed", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=3, help="a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument(
        "--pipeline", type=int, default=50, help="questions under way on each connection"
    )
    for name in ("--client", "--authority", "--questions", "--port"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.client:
        options.port = int(options.port)
        client(options)
        return
    found = {"benchmark": "dns_ways"}
    if shutil.which("unbound") is None:
        found["missing"] = "install unbound: apt-get install unbound"
    else:
        with tempfile.TemporaryDirectory() as folder:
            found |= run(options, Path(folder))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
