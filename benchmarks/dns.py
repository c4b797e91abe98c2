"""The DNS edge beside Unbound: a million blocked names, half of the questions blocked, the other half
answered from a warm cache. Each server in turn on core 0, dnsperf on core 1, medians of several rounds.

    python benchmarks/dns.py [--names 1000000] [--allowed 50000] [--seconds 5] [--rounds 5] [--profiles 10000]

Prints one JSON object. `ratio_unbound_cpu` compares processor time a query, which other work on the machine
disturbs less. `ratio_unbound` is the edge's queries a second over Unbound's (bar: 1.0);
`update_ms` the time from a change to the first answer by it (bar: 5), and `unanswered` the questions
without an answer meanwhile (bar: 0).

With `--profiles N`: no Unbound, but a second edge on the same names, that holds N households' profiles and answers the
asker by one of them, found by his network: its schedule, its ten own names, its services. `ratio_profiles` is its queries
a second over those of the edge without profiles, round by round in turn (bar: 0.85); `ratio_profiles_cpu` the same of
processor time.
"""

import argparse
import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import statistics
import string
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lachan.formats.snapshot.records import Verdict
from lachan.formats.snapshot.writer import SnapshotWriter

SHOULD_BLOCK = Verdict(kind="domain", value="x.example", categories=("scam",), source="benchmark")


def names_make(count, prefix, seed):
    chance = random.Random(seed)
    letters = string.ascii_lowercase + string.digits
    groups = ["".join(chance.choices(letters, k=chance.randrange(2, 8))) for _ in range(500)]
    lengths = chance.choices(range(5, 18), k=count)
    return [
        f"{prefix}{number:x}{''.join(chance.choices(letters, k=length))}.{chance.choice(groups)}.example"
        for number, length in enumerate(lengths)
    ]


class TinyUpstream(threading.Thread):
    """One A record for whatever is asked."""

    def __init__(self):
        super().__init__(daemon=True)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.sock.bind(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]

    def run(self):
        record = b"\xc0\x0c\0\1\0\1\0\1\x51\x80\0\4\xc0\0\2\1"
        while True:
            query, address = self.sock.recvfrom(1500)
            end = query.index(b"\0", 12) + 5
            head = query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0"
            self.sock.sendto(head + query[12:end] + record, address)


def ask(port, name, seconds=2.0):
    """The reply's code; None without an answer."""
    wire = b"".join(bytes((len(part),)) + part.encode() for part in name.split("."))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(seconds)
        sock.connect(("127.0.0.1", port))
        try:
            sock.send(b"\0\7\1\0\0\1\0\0\0\0\0\0" + wire + b"\0\0\1\0\1")
            return sock.recv(1500)[3] & 15
        except OSError:
            return None


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Server:
    """A server on core 0, from its start to its first blocked answer."""

    def __init__(self, command, port, blocked, env=None):
        began = time.monotonic()
        pinned = ["taskset", "-c", "0", *command] if shutil.which("taskset") else command
        self.port = port
        self.process = subprocess.Popen(
            pinned, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while ask(port, blocked, 0.2) != 3:
            if self.process.poll() is not None or time.monotonic() - began > 300:
                raise SystemExit(f"did not start: {command[0]}")
            time.sleep(0.005)
        self.load_s = time.monotonic() - began

    def cpu_seconds(self):
        rows = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(row.read_text().split()[0]) for row in rows) / 1e9

    def memory_mb(self):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.findall(r"(VmRSS|RssAnon|RssFile):\s+(\d+)", text)
        return {name: round(int(kib) / 1024) for name, kib in found}

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def perf(server, queries, seconds):
    command = ["dnsperf", "-s", "127.0.0.1", "-p", str(server.port), "-d", str(queries)]
    command += ["-l", str(seconds), "-q", "200", "-c", "1", "-T", "1"]
    if shutil.which("taskset"):
        command = ["taskset", "-c", "1", *command]
    before = server.cpu_seconds()
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    spent = server.cpu_seconds() - before
    done = int(re.search(r"Queries completed:\s+(\d+)", shown)[1])
    rate = float(re.search(r"Queries per second:\s+([\d.]+)", shown)[1])
    lost = int(re.search(r"Queries lost:\s+(\d+)", shown)[1])
    codes = re.search(r"Response codes:\s+(.*)", shown)[1]
    delay = float(re.search(r"Average Latency \(s\):\s+([\d.]+)", shown)[1])
    return {
        "qps": rate,
        "lost": lost,
        "codes": codes,
        "latency_us": delay * 1e6,
        "cpu_us": spent / done * 1e6,
    }


def warm(port, allowed, folder):
    """Every allowed name once, through dnsperf, until all are answered from the cache."""
    path = folder / "warm.txt"
    path.write_text("".join(f"{name} A\n" for name in allowed))
    command = [
        "dnsperf",
        "-s",
        "127.0.0.1",
        "-p",
        str(port),
        "-d",
        str(path),
        "-n",
        "1",
        "-q",
        "50",
    ]
    for _ in range(2):
        subprocess.run(command, capture_output=True, check=True)


class Prober(threading.Thread):
    """Asks one allowed name over and over; counts the questions without an answer."""

    def __init__(self, port, name):
        super().__init__()
        self.port, self.name_asked = port, name
        self.asked = self.unanswered = 0
        self.longest = 0.0
        self.over = threading.Event()

    def run(self):
        while not self.over.is_set():
            began = time.perf_counter()
            self.unanswered += ask(self.port, self.name_asked) != 0
            self.longest = max(self.longest, time.perf_counter() - began)
            self.asked += 1
            time.sleep(0.0005)


def measure_updates(edge, writer, allowed, times=50):
    """Milliseconds from a change to the first answer by it, and what a prober saw meanwhile."""
    prober = Prober(edge.port, allowed[0])
    prober.start()
    taken = []
    for number in range(times):
        name = allowed[1 + number]
        for wanted in (3, 0):
            began = time.perf_counter()
            if wanted:
                writer.put("domain", name, SHOULD_BLOCK)
            else:
                writer.remove("domain", name)
            writer.commit(writer.sequence + 1)
            while ask(edge.port, name) != wanted:
                pass
            taken.append((time.perf_counter() - began) * 1000)
    began = time.perf_counter()
    writer.compact()
    compact_ms = (time.perf_counter() - began) * 1000
    time.sleep(0.2)
    prober.over.set()
    prober.join()
    taken.sort()
    return {
        "update_ms": round(statistics.median(taken), 3),
        "update_p95_ms": round(taken[int(len(taken) * 0.95)], 3),
        "update_max_ms": round(taken[-1], 3),
        "asked_meanwhile": prober.asked,
        "unanswered": prober.unanswered,
        "longest_answer_ms": round(prober.longest * 1000, 2),
        "compact_ms": round(compact_ms),
    }


UNBOUND = """server:
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  verbosity: 0
  interface: 127.0.0.1
  port: {port}
  num-threads: 1
  do-not-query-localhost: no
  module-config: "iterator"
  msg-cache-size: 128m
  rrset-cache-size: 256m
  so-rcvbuf: 0
  minimal-responses: yes
  include: "{folder}/zones.conf"
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{upstream}
remote-control:
  control-enable: no
"""


def unbound_start(folder, upstream, blocked):
    port = free_port()
    with (folder / "zones.conf").open("w") as file:
        file.writelines(f'local-zone: "{name}." always_nxdomain\n' for name in blocked)
    config = folder / "unbound.conf"
    config.write_text(UNBOUND.format(folder=folder, port=port, upstream=upstream))
    return Server([shutil.which("unbound"), "-d", "-c", str(config)], port, blocked[17])


def profiles_make(folder, count):
    """So many households, and the one that dnsperf asks from."""
    import msgspec
    import profiles as households

    from lachan.formats.profiles.keys import own_key, way_key
    from lachan.formats.profiles.records import OwnName, Profile, RuleSet, Week
    from lachan.formats.profiles.table import ProfileWriter

    world, key = households.World(count, 10), households.KEY
    rules = RuleSet(
        categories=frozenset({"contract.scam", "contract.gambling"}),
        services=frozenset({"tiktok", "roblox", "facebook"}),
        ways_round=True,
        safe_search=True,
    )
    # Its services are closed at any hour: whenever this runs, it measures and tries the same.
    night = msgspec.structs.replace(rules, categories=frozenset({"contract.scam"}))
    day = (night,) * 30 + (rules,) * 66
    own = [b"\x05own-%d\x07example" % at for at in range(10)]
    asker = Profile(
        number=count + 1,
        ways=(way_key(key, "network", "127.0.0.0/24"), way_key(key, "network", "2001:db8::/56")),
        week=Week({(i, j): day for i in range(10) for j in range(10)}),
        own=tuple(OwnName(own_key(key, count + 1, name), allow=True) for name in own),
    )
    with ProfileWriter(folder / "profiles", key) as writer:
        writer.rebuild([*map(world.profile, range(1, count + 1)), asker], {}, 1)


def edge_start(folder, upstream, blocked):
    port = free_port()
    command = [sys.executable, "-m", "lachan.edge.dns", "--listen", f"127.0.0.1:{port}"]
    root = str(Path(__file__).resolve().parent.parent)
    env = {**os.environ, "LACHAN_HOME": str(folder), "PYTHONPATH": root}
    subprocess.run([*command[:3], "--warm"], env=env, stdout=subprocess.DEVNULL, check=True)
    command += ["--upstream", f"127.0.0.1:{upstream}", "--cache-mb", "256"]
    edge = Server(command, port, blocked[17], env)
    began = time.monotonic()
    while time.monotonic() - began < 120:
        with contextlib.suppress(OSError, ValueError):
            if json.loads((folder / "run" / "dns.json").read_text())["compiled"]:
                break
        time.sleep(0.05)
    return edge, edge.load_s + time.monotonic() - began


def measure(options, folder):
    blocked = names_make(options.names, "b", 1)
    allowed = names_make(options.allowed, "a", 2)
    chance = random.Random(3)
    count = min(options.names, 200_000)
    lines = chance.sample(blocked, count) + chance.choices(allowed, k=count)
    chance.shuffle(lines)
    queries = folder / "queries.txt"
    queries.write_text("".join(f"{name} A\n" for name in lines))
    upstream = TinyUpstream()
    upstream.start()
    found = {"names": options.names, "allowed": options.allowed, "cores": os.cpu_count()}
    with SnapshotWriter(folder / "snapshots") as writer:
        writer.rebuild_domains(b"warm.example\n", SHOULD_BLOCK, 1)
        began = time.monotonic()
        writer.rebuild_domains("\n".join(blocked).encode(), SHOULD_BLOCK, 2)
        found["build_s"] = round(time.monotonic() - began, 2)
        base = max((folder / "snapshots").glob("base-*.snap"))
        found["snapshot_mb"] = round(base.stat().st_size / 1e6, 1)
        found["names_mb"] = round(sum(map(len, blocked)) / 1e6, 1)
        edge, ready = edge_start(folder, upstream.port, blocked)
        servers = {"edge": edge}
        found["edge_load_s"], found["edge_compiled_s"] = round(edge.load_s, 2), round(ready, 2)
        try:
            if options.profiles:
                home = folder / "family"
                home.mkdir(mode=0o700)
                (home / "snapshots").symlink_to(folder / "snapshots")
                profiles_make(home, options.profiles)
                servers["profiles"], _ = edge_start(home, upstream.port, blocked)
                if (ask(servers["profiles"].port, "tiktok.com"), ask(edge.port, "tiktok.com")) != (
                    3,
                    0,
                ):
                    raise SystemExit("the profile is not in force")
            elif shutil.which("unbound"):
                servers["unbound"] = unbound_start(folder, upstream.port, blocked)
                found["unbound_load_s"] = round(servers["unbound"].load_s, 2)
            for name, server in servers.items():
                found[f"{name}_memory_loaded_mb"] = server.memory_mb()
                warm(server.port, allowed, folder)
            found |= rounds(servers, queries, options)
            found |= measure_updates(edge, writer, allowed)
            for name, server in servers.items():
                found[f"{name}_memory_after_mb"] = server.memory_mb()
        finally:
            for server in servers.values():
                server.stop()
    return found


def rounds(servers, queries, options):
    """Each server in turn, round by round: whatever else the machine does strikes both alike."""
    taken = {name: [] for name in servers}
    for _ in range(options.rounds):
        for name, server in servers.items():
            taken[name].append(perf(server, queries, options.seconds))
    found = {}
    for name, rows in taken.items():
        found[f"{name}_qps"] = round(statistics.median(row["qps"] for row in rows))
        found[f"{name}_qps_all"] = [round(row["qps"]) for row in rows]
        found[f"{name}_latency_us"] = round(statistics.median(row["latency_us"] for row in rows))
        found[f"{name}_cpu_us"] = round(statistics.median(row["cpu_us"] for row in rows), 2)
        found[f"{name}_lost"] = sum(row["lost"] for row in rows)
        found[f"{name}_codes"] = rows[-1]["codes"]
    if "unbound" in servers:
        ratios = [a["qps"] / b["qps"] for a, b in zip(taken["edge"], taken["unbound"], strict=True)]
        found["ratio_unbound"] = round(statistics.median(ratios), 2)
        found["ratio_unbound_cpu"] = round(found["unbound_cpu_us"] / found["edge_cpu_us"], 2)
    if "profiles" in servers:
        ratios = [
            a["qps"] / b["qps"] for a, b in zip(taken["profiles"], taken["edge"], strict=True)
        ]
        found["ratio_profiles"] = round(statistics.median(ratios), 2)
        found["ratio_profiles_cpu"] = round(found["edge_cpu_us"] / found["profiles_cpu_us"], 2)
        found["holds"] = found["ratio_profiles"] >= 0.85
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--names", type=int, default=1_000_000)
    parser.add_argument("--allowed", type=int, default=50_000)
    parser.add_argument("--seconds", type=int, default=5, help="a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profiles", type=int, default=0, help="households of the second edge")
    options = parser.parse_args()
    missing = [tool for tool in ("dnsperf", "unbound") if shutil.which(tool) is None]
    found = {"benchmark": "dns"}
    if missing:
        found["missing"] = f"install {' and '.join(missing)}: apt-get install {' '.join(missing)}"
    if "dnsperf" not in missing:
        with tempfile.TemporaryDirectory() as folder:
            found |= measure(options, Path(folder))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
