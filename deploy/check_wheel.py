"""Builds the wheel, installs it into an empty environment that sees the packages it needs, and walks it.

    .venv/bin/python deploy/check_wheel.py [--demo]

Needs no network. Prints one JSON object: what is inside, and what the installed `lachan` said. --demo walks the
whole loop from there (`lachan demo`), which compiles everything anew and takes a minute.
"""

import argparse
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BUILD = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
OURS = ("PYTHON", "VIRTUAL_ENV", "DJANGO_", "LACHAN_", "DATABASE_")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--demo", action="store_true", help="walk the whole loop")
    demo = options.parse_args().demo
    with tempfile.TemporaryDirectory(prefix="lachan-wheel-") as name:
        folder = Path(name)
        wheel = folder / run(folder, sys.executable, "-c", BUILD, str(folder), cwd=TOP).strip()
        inside = [n for n in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in n]
        lachan = installed(folder / "env", wheel)
        found: dict[str, object] = {
            "wheel": wheel.name,
            "files": sorted(inside),
            "version": run(folder, lachan, "--version").strip(),
            "migrated": run(folder, lachan, "migrate") == "",
            # Compiles the texts, asks the database and makes a desk key: every room was there.
            "link": run(folder, lachan, "admin-link").strip(),
        }
        if demo:
            found["demo"] = json.loads(run(folder, lachan, "demo", "--json", "--times", "5"))
    print(json.dumps(found))


def installed(folder: Path, wheel: Path) -> str:
    """The command, in an environment of its own."""
    venv.create(folder, symlinks=True, with_pip=False)
    site = next(folder.glob("lib/python*/site-packages"))
    # A folder named in a .pth is put on the path; the .pth files in it, the checkout's too, are not read.
    (site / "needed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    run(
        folder, sys.executable, "-m", "pip", "-q", "--python", str(folder / "bin/python"), "install",
        "--no-deps", "--no-index", "--no-compile", str(wheel),
    )  # fmt: skip
    return str(folder / "bin/lachan")


def run(folder: Path, *command: str, cwd: Path | None = None) -> str:
    """What a command says, run where nothing of the checkout is on the path."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    plain |= {"LACHAN_HOME": str(folder / "home")}
    done = subprocess.run(
        command, cwd=cwd or folder, env=plain, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout


if __name__ == "__main__":
    main()
