#!/bin/sh
# /usr/local/bin/lachan: `lachan COMMAND …` by hand, as the service's user and with the service's settings.
set -a
. /etc/lachan/lachan.env
set +a
umask 077
if [ "$(id -un)" = lachan ]; then
  exec /opt/lachan/.venv/bin/lachan "$@"
fi
exec runuser -u lachan -- /opt/lachan/.venv/bin/lachan "$@"
