"""A small application behind the real server, for test_server.py: `granian --factory …:make`."""

import itertools
import os
import tempfile
from pathlib import Path

from lachan.config import server

PIECE, PIECES = b"x" * 65_536, 320
_made = itertools.count()


def application(environ, start_response):
    path = environ["PATH_INFO"]
    headers = [("Content-Type", "text/plain")]
    if path.startswith("/v1/large"):
        start_response("200 OK", [*headers, ("ETag", '"one"')])
        return _large()
    if path == "/broken":
        start_response("200 OK", headers)
        return _broken()
    start_response("200 OK", headers)
    if path == "/made":
        return [str(next(_made)).encode()]
    said = (environ.get("CONTENT_LENGTH", ""), len(environ["wsgi.input"].read()))
    return [repr(said).encode()]


def _large():
    next(_made)
    for _ in range(PIECES):
        yield PIECE


def _broken():
    yield PIECE * 2
    raise ValueError("in the middle")


def make():
    server.BODY_SECONDS = float(os.environ["BODY_SECONDS"])
    server.UNREAD_SECONDS = int(os.environ["UNREAD_SECONDS"])
    folder = Path(tempfile.mkdtemp()) / str(os.getpid())
    return server.Server(application, 4, folder, refused=lambda *asked: ([], repr(asked).encode()))
