"""`python -m lachan.edge.matching`: see `--help` and docs/howto/match-server.md."""

import os
import socket
import sys
from collections.abc import Sequence

from lachan.edge.matching.settings import MASTER, parser_make, settings_make
from lachan.kernel.process import fault_tell


def _taken(host: str, port: int) -> str:
    """Why an address cannot be had. The server shares its port among its workers, and so would with a second
    server, which would count every key's quota anew.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was just left
        try:
            probe.bind((host, port))
        except OSError as error:
            return (error.strerror or type(error).__name__).lower()
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    flags = vars(parser_make().parse_args(arguments))
    settings = settings_make(flags)
    # The workers read the environment: what a flag said must stand there too.
    for name, value in flags.items():
        if value:
            os.environ[f"LACHAN_MATCH_{name.upper()}"] = value
    os.environ[MASTER] = str(os.getpid())  # it stays the same through exec
    host, port = settings.listen
    if reason := _taken(host, port):
        said = f"{host}:{port} cannot be listened on: {reason}"
        sys.stderr.write(f"Error: {said}\n")
        fault_tell(said)
        return 1
    # No access log: what platforms ask, and when, is theirs.
    command = [
        sys.executable, "-m", "granian", "--interface", "rsgi", "--factory", "--no-ws",
        "--host", host, "--port", str(port), "--workers", str(settings.workers),
        "--no-access-log", "--log-level", "warning", "--respawn-failed-workers",
        "--workers-kill-timeout", "5", "lachan.edge.matching.app:application_make",
    ]  # fmt: skip
    sys.stdout.write(f"Lá Chắn look-ups on http://{host}:{port}/v1/match\n")
    sys.stdout.flush()
    os.execv(sys.executable, command)  # noqa: S606  a fixed list, no shell
    return 0


if __name__ == "__main__":
    sys.exit(main())
