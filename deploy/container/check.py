"""Builds the image from a Debian root of our own, starts it, and asks it for a page and a name.

    python3 deploy/container/check.py [--root FOLDER]

Needs root, debootstrap, buildah, and Debian's and Python's package registries; no registry of images. It prints
one JSON object and leaves nothing behind but, with --root, the Debian root for the next time.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
TOP = HERE.parent.parent
BASE, IMAGE = "localhost/lachan-check-base", "localhost/lachan-check"
PATIENCE = 180.0
SUPERVISOR = ["/opt/lachan/.venv/bin/lachan", "up"]
# A registry behind a proxy of one's own: what trusts it here has to trust it there.
TRUST = "/etc/ssl/certs/ca-certificates.crt"
TRUSTED = "/etc/ssl/trusted-here.crt"  # where no package of the image writes it anew
PASSED = [n for n in ("SSL_CERT_FILE", "PIP_CERT") if os.environ.get(n) == TRUST]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--root", type=Path, help="a Debian root, kept for the next time")
    wanted = options.parse_args()
    if missing := [name for name in ("debootstrap", "buildah") if shutil.which(name) is None]:
        sys.exit(f"missing: {', '.join(missing)} (apt-get install {' '.join(missing)})")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lachan-container-") as folder:
        root = wanted.root or Path(folder) / "root"
        tools = Buildah(Path(folder) / "images")
        tar = debian(root, Path(folder))
        tools.base(tar)
        tools.image()
        built = time.monotonic() - began
        found = tools.walked()
        tools.clear()
    print(json.dumps({"built_s": round(built, 1), **found}))


def debian(root: Path, folder: Path) -> Path:
    """A minimal Debian 12 as an archive."""
    if not (root / "etc/debian_version").exists():
        mirror = "http://deb.debian.org/debian"
        try:
            call("debootstrap", "--variant=minbase", "bookworm", str(root), mirror)
        finally:
            # One that is broken off leaves the machine's own /proc there, which nobody must clear away.
            if os.path.ismount(root / "proc"):
                call("umount", str(root / "proc"))
    tar = folder / "root.tar"
    skipped = [f"--exclude=./{name}/*" for name in ("proc", "sys", "dev", "var/cache/apt/archives")]
    call("tar", "-C", str(root), "--one-file-system", *skipped, "-cf", str(tar), ".")
    return tar


class Buildah:
    """buildah with a storage of its own, without user namespaces or a network of its own."""

    def __init__(self, storage: Path) -> None:
        self._log = storage.with_name("log")
        self._head = [
            "buildah", "--storage-driver", "vfs", "--root", str(storage), "--runroot", f"{storage}-run",
        ]  # fmt: skip

    def __call__(self, *arguments: str) -> str:
        return call(*self._head, *arguments).strip()

    def base(self, tar: Path) -> None:
        made = self("from", "scratch")
        self("add", "--quiet", made, str(tar), "/")
        if PASSED:
            self("copy", "--quiet", made, TRUST, TRUSTED)
        for name in PASSED:
            self("config", "--env", f"{name}={TRUSTED}", made)
        self("commit", "--quiet", "--rm", made, BASE)

    def image(self) -> None:
        file = HERE / "Containerfile"
        self(
            "build", "--isolation", "chroot", "--build-arg", f"BASE={BASE}", "--pull=never",
            "--ignorefile", f"{file}.dockerignore", "-f", str(file), "-t", IMAGE, str(TOP),
        )  # fmt: skip

    def walked(self) -> dict[str, object]:
        """What the image says of itself, and what `lachan up` in it answers."""
        made = self("from", "--pull-never", IMAGE)
        run = ("run", "--isolation", "chroot", made, "--")
        tests = self(*run, "find", "/opt/lachan/lachan", "-name", "tests")
        found = {
            "version": self(*run, "lachan", "--version"),
            "user": self(*run, "id", "-un"),
            "tests": tests,
        }
        web, dns = free_port(), free_port()
        up = ("lachan", "up", "--web", f"127.0.0.1:{web}", "--dns", f"127.0.0.1:{dns}")
        began = time.monotonic()
        with running([*self._head, *run, *up], self._log):
            page(web)
            found["first_page_s"] = round(time.monotonic() - began, 1)
            found["name_answered"] = name_answered(dns)
        found["stopped_in_order"] = "Stopped." in self._log.read_text()
        return found

    def clear(self) -> None:
        self("rm", "--all")
        self("rmi", "--all", "--force")


@contextlib.contextmanager
def running(command: list[str], log: Path) -> Iterator[None]:
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
        try:
            yield
        except BaseException:
            print(log.read_text(), file=sys.stderr)
            raise
        finally:
            # What runs in the container hears nothing of what its runner is told: the supervisor is asked itself.
            below = descendants(process.pid)
            for pid in [pid for pid in below if arguments(pid)[1:3] == SUPERVISOR]:
                os.kill(pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            for pid in below if process.poll() is None else []:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.kill()
            process.wait()


def descendants(pid: int) -> list[int]:
    """Every process below one; any of its threads may have begun it (proc(5), `children`)."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, path.read_text().split()):
                found += [child, *descendants(child)]
    return found


def arguments(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []


def page(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
                if "Lá Chắn" in answer.read().decode():
                    return
        except OSError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.3)


def name_answered(port: int) -> bool:
    """Whether a question got an answer of whatever kind; upstream there need not be one."""
    question = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07invalid\x00\x00\x01\x00\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.settimeout(10)
        out.sendto(question, ("127.0.0.1", port))
        return out.recv(512)[:2] == question[:2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def call(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


if __name__ == "__main__":
    main()
