"""`lachan scan` of a folder of pictures: all cores against one, and a kill in the middle.

usage: scan.py [--pictures 10000] [--side 512] [--entries 1000000] [--rounds 1]
Makes benign pictures (JPEG, no two files alike), plants the hashes of some in a collection of random ones,
and scans: with one process on one core, then on all cores, turn by turn; then once more, killed half-way and
started again. Prints one JSON object; times include the start of the processes. Processor seconds tell what
all cores cost more than one, also on a machine that has other things to do.
"""

import argparse
import io
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402  after the path

from lachan.kernel.ids import uuid7  # noqa: E402
from lachan.matching.algorithms.pdq.picture import picture_hash  # noqa: E402
from lachan.matching.collection import Collection  # noqa: E402
from lachan.matching.records import Facts  # noqa: E402

SCENES = 200
BAR = 0.9


def scene(random, side):
    """Discs on a slope, a little noise: as costly to decode as a photograph."""
    down, across = np.mgrid[0 : 1 : side * 1j, 0 : 1 : side * 1j]
    picture = np.stack([255 * down, 255 * across, 127 * (down + across)], axis=2)
    for _ in range(12):
        y, x, size = random.uniform(0, 1), random.uniform(0, 1), random.uniform(0.03, 0.25)
        picture[(down - y) ** 2 + (across - x) ** 2 < size**2] = random.uniform(0, 255, 3)
    picture += random.normal(0, 6, picture.shape)
    file = io.BytesIO()
    Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=88)
    return file.getvalue()


def make(folder, pictures, side):
    """Files that differ by a comment (ITU-T T.81, B.2.4.5): other digests, the same pixels as their scene."""
    random = np.random.default_rng(1)
    scenes = [scene(random, side) for _ in range(min(SCENES, pictures))]
    for number in range(pictures):
        comment = b"%020d" % number
        data = scenes[number % len(scenes)]
        part = folder / f"{number // 1000:03}"
        part.mkdir(exist_ok=True)
        segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
        (part / f"{number:06}.jpg").write_bytes(data[:2] + segment + data[2:])
    return scenes


def plant(folder, scenes, entries):
    """A collection of random hashes and those of every tenth scene."""
    random = np.random.default_rng(2)
    with Collection.create(folder) as lists:
        keys = random.integers(0, 256, (entries, 32), dtype=np.uint8)
        indicators = random.integers(0, 256, (entries, 16), dtype=np.uint8)
        facts = Facts(1, uuid7(), categories=("test",))
        lists.add_keys("pdq", keys, indicators, facts)
        for data in scenes[::10]:
            lists.add(picture_hash(data).stored.text, Facts(1, uuid7()), algorithm="pdq")


def command(files, lists, report, jobs):
    return [
        sys.executable, "-m", "lachan", "scan", str(files), "--collection", str(lists),
        "--report", str(report), "--jobs", str(jobs),
    ]  # fmt: skip


def run(files, lists, report, cores):
    """Seconds, seconds of processor time of all its processes, and the report's summary."""
    report.unlink(missing_ok=True)
    began = time.perf_counter()
    process = subprocess.Popen(
        command(files, lists, report, len(cores)),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.sched_setaffinity(process.pid, cores)
    spent = {}
    while process.poll() is None:
        spent |= session_times(process.pid)
        time.sleep(0.2)
    seconds = time.perf_counter() - began
    if process.returncode not in (0, 1):
        sys.exit(f"the scan ended with {process.returncode}")
    return seconds, sum(spent.values()), json.loads(report.read_text())["summary"]


def session_times(session):
    """Processor seconds of each process of a session (proc(5), /proc/pid/stat)."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            ticks = int(fields[11]) + int(fields[12])
            found[path.parent.name] = ticks / os.sysconf("SC_CLK_TCK")
    return found


def kill_and_resume(files, lists, report, cores, pictures):
    report.unlink(missing_ok=True)
    journal = report.with_name(f"{report.name}.journal")
    process = subprocess.Popen(
        command(files, lists, report, len(cores)), cwd=ROOT, start_new_session=True
    )
    while not journal.exists() or journal.read_bytes().count(b"\n") < pictures // 2:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    noted = journal.read_bytes().count(b"\n") - 1
    return noted, run(files, lists, report, cores)[2]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        files, lists, report = Path(place) / "files", Path(place) / "lists", Path(place) / "r.json"
        files.mkdir()
        scenes = make(files, options.pictures, options.side)
        plant(lists, scenes, options.entries)
        cores = sorted(os.sched_getaffinity(0))
        one, all_cores = [], []
        for _ in range(options.rounds):
            one.append(run(files, lists, report, cores[:1])[:2])
            seconds, spent, summary = run(files, lists, report, cores)
            all_cores.append((seconds, spent))
        noted, again = kill_and_resume(files, lists, report, cores, options.pictures)
    wanted = sum(number % len(scenes) % 10 == 0 for number in range(options.pictures))
    (wall_one, spent_one), (wall_all, spent_all) = (
        [statistics.median(column) for column in zip(*runs, strict=True)]
        for runs in (one, all_cores)
    )
    rate_one, rate_all = options.pictures / wall_one, options.pictures / wall_all
    efficiency = rate_all / rate_one / len(cores)
    exact = summary["counts"]["known"] == again["counts"]["known"] == wanted
    resumed = again["resumed"] == noted and again["counts"]["examined"] == options.pictures
    print(
        json.dumps(
            {
                "pictures": options.pictures,
                "side": options.side,
                "entries": options.entries,
                "cores": len(cores),
                "pictures_per_second_one_core": round(rate_one, 1),
                "pictures_per_second": round(rate_all, 1),
                "efficiency": round(efficiency, 3),
                "processor_seconds_one_core": round(spent_one, 1),
                "processor_seconds": round(spent_all, 1),
                "planted": wanted,
                "found": summary["counts"]["known"],
                "noted_before_kill": noted,
                "resumed": again["resumed"],
                "examined_after_resume": again["counts"]["examined"],
                "bar_efficiency": BAR,
                "ok": efficiency >= BAR and exact and resumed,
            }
        )
    )


if __name__ == "__main__":
    main()
