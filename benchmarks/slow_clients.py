"""500 who send slowly and 500 who do not read, beside 16 who report: how long those wait, and is one lost?

    python benchmarks/slow_clients.py [--writers 500] [--readers 500] [--clients 16] [--seconds 30]

Starts a throw-away instance (web and worker) with a list of 150,000 names. First the reporters alone, each
sending as soon as it has its receipt; then beside the slow ones, who come again whenever they are cut off:
writers promise 130 bytes and send one every two seconds, readers ask for the list and read nothing of it.
Bars: p95_ms ≤ 2 × undisturbed_p95_ms, none lost.
"""

import argparse
import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import intake

ROOT = Path(__file__).parent.parent
_REQUESTS = {
    "writer": (
        b"POST /report/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 130\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    ),
    "reader": b"GET /v1/lists/hosts HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--writers", type=int, default=500)
    parser.add_argument("--readers", type=int, default=500)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--names", type=int, default=150_000)
    parser.add_argument("--attack", type=int, help="PORT: be the slow clients, until killed")
    options = parser.parse_args()
    if options.attack:
        attack(options.attack, options.writers, options.readers)
    with tempfile.TemporaryDirectory(prefix="lachan-bench-") as home:
        env = {**os.environ, "LACHAN_HOME": home, "LACHAN_BUSY_PER_MINUTE": "1000000"}
        subprocess.run([sys.executable, "-c", intake.PREPARE], env=env, cwd=ROOT, check=True)
        names = Path(home) / "names.txt"
        names.write_text("\n".join(f"cuoc{n:06d}.example" for n in range(options.names)))
        port = intake.free_port()
        lachan = [sys.executable, "-m", "lachan"]
        filling = [*lachan, "import", str(names), "--category", "gambling", "--json"]
        subprocess.run(filling, env=env, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        web = subprocess.Popen([*lachan, "web", "--listen", f"127.0.0.1:{port}"], env=env, cwd=ROOT)
        worker = subprocess.Popen([*lachan, "worker"], env=env, cwd=ROOT)
        try:
            intake.wait(port)
            print(json.dumps(measure(port, options, env), indent=1))
        finally:
            for process in (web, worker):
                process.terminate()
                process.wait()


def measure(port, options, env):
    report(port, options.clients, 2.0)  # warm
    before = _kept(env)
    alone = report(port, options.clients, options.seconds / 2)
    slow = subprocess.Popen([
        sys.executable, __file__, "--attack", str(port),
        "--writers", str(options.writers), "--readers", str(options.readers),
    ])  # fmt: skip
    try:
        time.sleep(5)  # until all are there
        beside = report(port, options.clients, options.seconds)
    finally:
        slow.kill()
        slow.wait()
    got = [one for one in alone + beside if one is not None]
    return {
        "writers": options.writers, "readers": options.readers, "clients": options.clients,
        "undisturbed_p95_ms": _p95(alone), "p95_ms": _p95(beside),
        "undisturbed": len(alone), "submissions": len(beside),
        "lost": len(alone + beside) - min(len(got), _kept(env) - before),
        "bar": "p95_ms <= 2 * undisturbed_p95_ms, lost == 0",
    }  # fmt: skip


def report(port, clients, seconds):
    """What each submission took in milliseconds; None for one without a receipt."""
    until = time.monotonic() + seconds

    def client(_):
        took = []
        while time.monotonic() < until:
            try:
                ms, receipt = intake.submit(port)
                took.append(ms if receipt else None)
            except Exception:  # noqa: BLE001  whatever it was, a child has no receipt
                took.append(None)
                vars(intake.local).clear()
        return took

    with ThreadPoolExecutor(clients) as pool:
        return [ms for one in pool.map(client, range(clients)) for ms in one]


def _kept(env):
    count = [sys.executable, "-c", intake.COUNT]
    return int(subprocess.check_output(count, env=env, cwd=ROOT))


def _p95(took):
    known = sorted(ms for ms in took if ms is not None)
    return round(known[int(len(known) * 0.95)], 1) if known else None


def attack(port, writers, readers):
    """Be slow, without end."""
    kinds = ["writer"] * writers + ["reader"] * readers
    sockets: list[socket.socket | None] = [None] * len(kinds)
    while True:
        began = time.monotonic()
        for place, kind in enumerate(kinds):
            if sockets[place] is not None and not _trickle(sockets[place]):
                sockets[place].close()
                sockets[place] = None
            if sockets[place] is None:
                with contextlib.suppress(OSError):
                    sockets[place] = _begin(port, kind)
        time.sleep(max(0.0, began + 2 - time.monotonic()))


def _begin(port, kind):
    one = socket.socket()
    if kind == "reader":
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.settimeout(1)
    one.connect(("127.0.0.1", port))
    one.sendall(_REQUESTS[kind])
    return one


def _trickle(one):
    """Send one byte more; whether the line still stands. Who is cut for not reading hears it only so."""
    poll = select.poll()
    poll.register(one, select.POLLERR | select.POLLHUP)
    if poll.poll(0):
        return False
    try:
        one.sendall(b"a")
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
