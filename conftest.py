"""What every test has: a home of its own, and SQLite or, with DATABASE_URL or LACHAN_TEST_DB=postgresql, a
real PostgreSQL server.
"""

import os
import tempfile
from pathlib import Path

import django
import pytest
from hypothesis import settings

# A slow machine is no fault of the code: speed is shown by benchmarks, not by deadlines.
settings.register_profile("lachan", deadline=None)
settings.load_profile("lachan")

pytest_plugins = ["tests.chromium", "tests.parts", "tests.personas"]

_HOME = tempfile.mkdtemp(prefix="lachan-test-")
os.environ["LACHAN_HOME"] = _HOME
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright runs a loop in this thread
if os.environ.get("LACHAN_TEST_DB") == "postgresql" and "DATABASE_URL" not in os.environ:
    from tests.postgres import server_url

    os.environ["DATABASE_URL"] = server_url()
# Here and not in pyproject.toml: pytest-django reads the settings named there before this file runs, and
# every test would work in ./var on SQLite.
os.environ["DJANGO_SETTINGS_MODULE"] = "lachan.config.settings"
django.setup()


def pytest_configure() -> None:
    from tests import flushing

    flushing.install()


def pytest_sessionfinish() -> None:
    import shutil

    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A throw-away LACHAN_HOME for processes that a test starts."""
    monkeypatch.setenv("LACHAN_HOME", str(tmp_path))
    return tmp_path
