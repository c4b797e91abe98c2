#!/usr/bin/env bash
# `install.sh base` or `install.sh dev`: bring the packages of that lock into .venv, and take none away. Wheels
# only, hashes checked. uv does it in seconds; where there is no uv, pip fetches the pinned one; where that fails
# too, pip does all the work. Python's own code is compiled now, as pip does anyway: else every process compiles
# what it imports until one of them may write, and none ever may where PYTHONDONTWRITEBYTECODE is set.
set -euo pipefail
python=.venv/bin/python lock=requirements/$1.txt
pip=("$python" -m pip install -q --disable-pip-version-check --require-hashes --only-binary :all:)
uv=$(command -v uv || true)
if [ -z "$uv" ] && "${pip[@]}" -r requirements/uv.txt; then uv=.venv/bin/uv; fi
echo "installing packages …"
if [ -n "$uv" ] && "$uv" pip install -q --compile-bytecode --python "$python" --require-hashes --only-binary :all: -r "$lock"; then
  :
else
  "${pip[@]}" -r "$lock"
fi
# The checkout itself, on the path: no build, nothing more to fetch.
site=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
pwd >"$site/lachan-checkout.pth"
printf '#!%s\nfrom lachan.cli.main import cli\nif __name__ == "__main__":\n    cli(prog_name="lachan")\n' "$PWD/$python" >.venv/bin/lachan
chmod +x .venv/bin/lachan
