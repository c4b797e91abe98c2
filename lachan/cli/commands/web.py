import os
import sys

import click

from lachan.cli.setup import django_ready


@click.command()
@click.option("--listen", default="127.0.0.1:8000", show_default=True, help="Address and port.")
@click.option("--workers", default=1, show_default=True, help="Processes that answer.")
@click.option("--threads", default=4, show_default=True, help="Requests that each answers at once.")
def command(listen: str, workers: int, threads: int) -> None:
    """Serve the pages and the API.

    \b
    lachan web
    lachan web --listen 0.0.0.0:8000    behind a proxy that speaks HTTPS
    """
    django_ready(begin=True)
    host, _, port = listen.rpartition(":")
    # WSGI with blocking threads: ten times an ASGI Django's rate. No access log: it would hold addresses.
    arguments = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host.strip("[]"),
        "--port", port, "--workers", str(workers), "--blocking-threads", str(threads),
        "--no-access-log", "--log-level", "warning", "--respawn-failed-workers",
        "--workers-kill-timeout", "5", "lachan.config.wsgi:application",
    ]  # fmt: skip
    os.environ["LACHAN_WEB_MASTER"] = str(os.getpid())  # it stays the same through exec
    os.execv(sys.executable, arguments)
