"""Report submitted → receipt shown, over real HTTP, and nothing lost.

    python benchmarks/intake.py [--clients 16] [--rate 30] [--seconds 60] [--open 200]

Starts a throw-away instance (web and worker on SQLite, or on DATABASE_URL). First `clients` at once, each
sending as soon as it has its receipt; then `rate` a second for `seconds`, timed from when each was due, so
that a stall counts for all that it delays. Then every receipt's report must be in the database, and a
sample of the receipts must open a complete report. Bars: p95 ≤ 300 ms in both, 30 a second held, none lost.
"""

import argparse
import http.client
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
WORDS = "Một chuyện không vui ở lớp. " * 12
local = threading.local()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--each", type=int, default=40, help="submissions of each client")
    parser.add_argument("--rate", type=float, default=30.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--open", type=int, default=200, help="receipts that are tried")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lachan-bench-") as home:
        # Never busy: the longer way, with an event for each report, is the one that is measured.
        env = {**os.environ, "LACHAN_HOME": home, "LACHAN_BUSY_PER_MINUTE": "1000000"}
        subprocess.run([sys.executable, "-c", PREPARE], env=env, cwd=ROOT, check=True)
        port = free_port()
        lachan = [sys.executable, "-m", "lachan"]
        web = subprocess.Popen([*lachan, "web", "--listen", f"127.0.0.1:{port}"], env=env, cwd=ROOT)
        worker = subprocess.Popen([*lachan, "worker"], env=env, cwd=ROOT)
        try:
            wait(port)
            print(json.dumps(measure(port, options, env), indent=1))
        finally:
            for process in (web, worker):
                process.terminate()
                process.wait()


PREPARE = """
from lachan.cli.setup import django_ready
django_ready(begin=True)
from lachan.members.services import first_link
first_link()
"""
COUNT = """
from lachan.cli.setup import django_ready
django_ready()
from lachan.reports.selectors import report_count
print(sum(report_count(status=s) for s in ("held", "open", "closed")))
"""


def measure(port, options, env):
    with ThreadPoolExecutor(options.clients) as pool:
        list(pool.map(lambda _: submit(port), range(options.clients)))  # warm
        began = time.perf_counter()
        closed = list(pool.map(lambda _: submit(port), range(options.clients * options.each)))
        closed_s = time.perf_counter() - began
    due = [i / options.rate for i in range(int(options.rate * options.seconds))]
    with ThreadPoolExecutor(64) as pool:
        start = time.perf_counter() + 1.5
        steady = list(pool.map(lambda at: submit(port, due=start + at), due))
        steady_s = time.perf_counter() - start
    receipts = [receipt for _, receipt in closed + steady]
    kept = int(subprocess.check_output([sys.executable, "-c", COUNT], env=env, cwd=ROOT))
    sample = random.sample(receipts, min(options.open, len(receipts)))
    opened = sum(opens(port, receipt) for receipt in sample)
    return {
        "clients": options.clients,
        "at_once": {**_figures(closed), "per_second": round(len(closed) / closed_s, 1)},
        "steady": {
            **_figures(steady),
            "asked_per_second": options.rate,
            "per_second": round(len(steady) / max(steady_s, options.seconds), 1),
        },
        "receipts": len(set(receipts)),
        "lost": len(receipts) + options.clients - kept,
        "tried": len(sample),
        "opened_complete": opened,
        "bar_ms": 300,
    }


def submit(port, due=None):
    """One child: loads the form, sends it; milliseconds from sending (or from when it was due)."""
    if due is not None:
        time.sleep(max(0.0, due - 1 - time.perf_counter()))
    page = _ask(port, "GET", "/report/")
    if due is not None:
        time.sleep(max(0.0, due - time.perf_counter()))
    token = re.search(r'name="form" value="([^"]+)"', page)[1]
    fields = {"form": token, "category": "bullying", "urgency": "soon", "words": WORDS}
    began = time.perf_counter() if due is None else due
    page = _ask(port, "POST", "/report/", fields)
    took = (time.perf_counter() - began) * 1000
    return took, "".join(re.findall(r"<span>(\d{4})</span>", page))


def opens(port, receipt):
    page, cookies = _ask(port, "GET", "/inbox/", cookies={})
    csrf = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    fields = {"receipt": receipt, "csrfmiddlewaretoken": csrf}
    _, cookies = _ask(port, "POST", "/inbox/", fields, cookies)
    page, _ = _ask(port, "GET", "/inbox/", cookies=cookies)
    return WORDS.strip() in page


def _ask(port, method, path, fields=None, cookies=None):
    if not hasattr(local, "connection"):
        local.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if fields else {}
    if cookies:
        headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in cookies.items())
    body = urllib.parse.urlencode(fields) if fields else None
    local.connection.request(method, path, body, headers)
    answer = local.connection.getresponse()
    text = answer.read().decode()
    if answer.status not in {200, 302}:
        raise RuntimeError(f"{method} {path}: {answer.status}")
    if cookies is None:
        return text
    fresh = [c.partition(";")[0].partition("=") for c in answer.headers.get_all("Set-Cookie") or []]
    return text, {**cookies, **{name: value for name, _, value in fresh}}


def _figures(results):
    took = sorted(ms for ms, _ in results)
    at = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {
        "submissions": len(took),
        "ms": {k: round(took[min(int(len(took) * q), len(took) - 1)], 1) for k, q in at.items()},
    }


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait(port):
    for _ in range(200):
        try:
            http.client.HTTPConnection("127.0.0.1", port, timeout=2).request("GET", "/healthz")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the instance does not start")


if __name__ == "__main__":
    main()
