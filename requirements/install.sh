#!/usr/bin/env bash
# Install the pinned packages into .venv: with uv if it is there, else with pip. Wheels only, hashes checked.
set -euo pipefail
lock=requirements/dev.txt
if command -v uv >/dev/null; then
  uv pip install -q --python .venv/bin/python --require-hashes --only-binary :all: -r "$lock"
else
  .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes --only-binary :all: -r "$lock"
fi
# The checkout itself, on the path: no build, nothing to fetch.
site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
pwd > "$site/lachan-checkout.pth"
printf '#!%s\nfrom lachan.cli.main import cli\ncli(prog_name="lachan")\n' "$PWD/.venv/bin/python" > .venv/bin/lachan
chmod +x .venv/bin/lachan
