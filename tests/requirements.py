"""Parts of the system that some tests need. A missing one is named and skips the test; with CI=true it fails."""

import os
from collections.abc import Iterator

import pytest

from tests import postgres


def missing(message: str) -> None:
    """End the test, since a part is not installed; the message says how to get it."""
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server of this test's own, which it may stop and start."""
    try:
        server = postgres.Server()
    except postgres.NoServer as error:
        missing(str(error))
        return
    try:
        server.start()
        yield server
    finally:
        server.remove()
