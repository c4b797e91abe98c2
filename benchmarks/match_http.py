"""How many fingerprints a second one look-up process answers over HTTP, on one core, nothing left out.

    python benchmarks/match_http.py [--n 1000000] [--batch 1000] [--seconds 10]

Prints one JSON object; `hashes_per_second` is the figure (bar at n = 1e6, batches of 1,000: 100,000);
`hashes_per_core_second` is the same by the server's processor time, for a machine that has other work.
The server has one core to itself, two clients another. A hundredth of what is asked lies within the radius of
an entry, and every answer is held against what was planted.
"""

import argparse
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from lachan.kernel.bearer import bearer_make  # noqa: E402  found by the line before
from lachan.kernel.files import file_write  # noqa: E402
from lachan.kernel.ids import uuid7  # noqa: E402
from lachan.matching.between.keys import LookupKey, keys_encode  # noqa: E402
from lachan.matching.between.paths import collection_folder, keys_file  # noqa: E402
from lachan.matching.collection import Collection  # noqa: E402
from lachan.matching.records import Facts  # noqa: E402

BATCHES, RADIUS, PLANTED, CLIENTS = 64, 31, 100, 2
QUOTA = str(10**12)


def flipped(code: np.ndarray, bits: int, rng: np.random.Generator) -> np.ndarray:
    """The same hash with so many of its bits turned over."""
    spread = np.unpackbits(code)
    spread[rng.choice(256, bits, replace=False)] ^= 1
    return np.packbits(spread)


def filled(home: Path, n: int, rng: np.random.Generator) -> np.ndarray:
    codes = rng.integers(0, 256, (n, 32), np.uint8)
    with Collection.create(collection_folder(home)) as lists:
        facts = Facts(1, uuid7(), categories=("contract.scam",))
        lists.add_keys("pdq", codes, rng.integers(0, 256, (n, 16), np.uint8), facts)
        lists.commit(1)
    return codes


def questions(codes: np.ndarray, size: int, rng: np.random.Generator) -> list[tuple[bytes, dict]]:
    """Bodies, each with what must come back: place → distance."""
    made = []
    for _ in range(BATCHES):
        asked, truth = rng.integers(0, 256, (size, 32), np.uint8), {}
        for place in rng.choice(size, size // PLANTED, replace=False).tolist():
            truth[place] = int(rng.integers(0, RADIUS + 1))
            asked[place] = flipped(codes[rng.integers(len(codes))], truth[place], rng)
        body = {"kind": "pdq", "values": [code.tobytes().hex() for code in asked]}
        made.append((json.dumps(body).encode(), truth))
    return made


def key_give(home: Path) -> str:
    prefix, text, kept = bearer_make()
    end = int(time.time()) + 3600
    file_write(keys_file(home), keys_encode([LookupKey(prefix, kept.hex(), 3, 1, 1, end)]))
    return text


def serve(home: Path, port: int) -> subprocess.Popen:
    quota = {"LACHAN_MATCH_PER_MINUTE": QUOTA, "LACHAN_MATCH_PER_DAY": QUOTA}
    return subprocess.Popen(
        [sys.executable, "-m", "lachan.edge.matching", "--listen", f"127.0.0.1:{port}"],
        env={**os.environ, "LACHAN_HOME": str(home), "PYTHONPATH": str(ROOT), **quota},
        stdout=subprocess.DEVNULL,
    )


class Client:
    def __init__(self, port: int, key: str) -> None:
        self._headers = {"Authorization": f"Bearer {key}"}
        self._port, self._link = port, http.client.HTTPConnection("127.0.0.1", port)

    def ask(self, body: bytes) -> tuple[int, bytes]:
        self._link.request("POST", "/v1/match", body, self._headers)
        answer = self._link.getresponse()
        return answer.status, answer.read()

    def ready(self, body: bytes) -> None:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                if self.ask(body)[0] == 200:
                    return
            except OSError:
                self._link.close()
            time.sleep(0.1)
        raise SystemExit("the server does not answer")


def wrong(answer: bytes, truth: dict[int, int]) -> tuple[int, int]:
    """Misses and false hits: random hashes have no neighbours, planted ones exactly theirs."""
    found = {hit["index"]: hit["distance"] for hit in json.loads(answer)["hits"]}
    misses = sum(found.get(place) != distance for place, distance in truth.items())
    return misses, len(found.keys() - truth.keys())


def cpu_seconds(parent: int) -> float:
    """Processor time of a process and its children. proc(5): fields 4, 14 and 15."""
    total = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if parent in (int(path.parent.name), int(fields[1])):
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def measure(port: int, key: str, asked: list[tuple[bytes, dict]], seconds: float) -> list[tuple]:
    """What one client saw: (seconds, answer, truth) a call."""
    client, seen, end = Client(port, key), [], time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        body, truth = asked[len(seen) % len(asked)]
        _, answer = client.ask(body)
        seen.append((time.perf_counter() - start, answer, truth))
    return seen


def told(seen: list[tuple], batch: int, spent: float, cpu: float) -> dict[str, float]:
    took = [each[0] for each in seen]
    faults = [wrong(answer, truth) for _, answer, truth in seen]
    return {
        "hashes_per_second": round(len(seen) * batch / spent),
        "hashes_per_core_second": round(len(seen) * batch / cpu),
        "calls": len(seen),
        "call_ms_p50": round(1e3 * statistics.median(took), 2),
        "call_ms_p99": round(1e3 * statistics.quantiles(took, n=100)[98], 2),
        "misses": sum(misses for misses, _ in faults),
        "false_hits": sum(false for _, false in faults),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=10)
    flags, rng = parser.parse_args(), np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "run").mkdir()
        codes = filled(home, flags.n, rng)
        asked = questions(codes, flags.batch, rng)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        key = key_give(home)
        first, *others = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {first})  # what is started now inherits it
        server = serve(home, port)
        try:
            os.sched_setaffinity(0, set(others) or {first})
            Client(port, key).ready(asked[0][0])
            before, began = cpu_seconds(server.pid), time.perf_counter()
            with ThreadPoolExecutor(CLIENTS) as clients:
                runs = [
                    clients.submit(measure, port, key, asked, flags.seconds) for _ in range(CLIENTS)
                ]
                seen = [each for run in runs for each in run.result()]
            spent, cpu = time.perf_counter() - began, cpu_seconds(server.pid) - before
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(20)
    print(json.dumps({"n": flags.n, "batch": flags.batch, **told(seen, flags.batch, spent, cpu)}))


if __name__ == "__main__":
    main()
