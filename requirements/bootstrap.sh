#!/usr/bin/env bash
# Debian and Ubuntu keep `venv` in a package of its own. Bring it where we may, otherwise say what to do.
set -euo pipefail
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing python3-venv …" >&2
  apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
  "$1" -m venv .venv
else
  echo "This Python cannot make environments. On Debian or Ubuntu: sudo apt-get install python3-venv" >&2
  exit 1
fi
