#!/usr/bin/env bash
# What tests need of the system. As root on Debian or Ubuntu it is installed; elsewhere it is named, and the
# tests that need it are skipped (with CI=true they fail).
set -euo pipefail
missing=()
for pair in chromium:chromium curl:curl dig:dnsutils kdig:knot-dnsutils nginx:nginx unbound:unbound; do
  command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing+=(postgresql)
[ ${#missing[@]} = 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing ${missing[*]} for the tests …" >&2
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq && apt-get install -y -qq "${missing[@]}" >/dev/null
else
  echo "Some tests will be skipped. To run them all: sudo apt-get install ${missing[*]}" >&2
fi
