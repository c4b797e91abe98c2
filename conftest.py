"""What every test has: a home of its own, and SQLite or, with DATABASE_URL or LACHAN_TEST_DB=postgresql, a
real PostgreSQL server.
"""

import gc
import os
import signal
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import django
import pytest
from hypothesis import settings

from lachan.kernel.home import home_prepare, secret_keep, secret_new

# A slow machine is no fault of the code: speed is shown by benchmarks, not by deadlines.
settings.register_profile("lachan", deadline=None)
settings.load_profile("lachan")

pytest_plugins = ["tests.chromium", "tests.requirements", "tests.personas"]

# Who is started in the background ignores Ctrl-C, and hands that on; tests interrupt what they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_HOME = tempfile.mkdtemp(prefix="lachan-test-")
os.environ["LACHAN_HOME"] = _HOME
os.environ.setdefault(
    "TESTS_SHARED", _HOME
)  # tests/instance.py; workers are handed the first process's
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright runs a loop in this thread
if os.environ.get("LACHAN_TEST_DB") == "postgresql" and "DATABASE_URL" not in os.environ:
    from tests.postgres import NoServer, server_url

    try:
        os.environ["DATABASE_URL"] = server_url()
    except NoServer as missing:
        pytest.exit(f"skipped: {missing}", returncode=int(os.environ.get("CI") == "true"))
# Here and not in pyproject.toml: pytest-django reads the settings named there before this file runs, and
# every test would work in ./var on SQLite.
home_prepare(Path(_HOME))
secret_keep(Path(_HOME), secret_new())
os.environ["DJANGO_SETTINGS_MODULE"] = "lachan.config.settings"
django.setup()


def pytest_configure(config: pytest.Config) -> None:
    from tests import flushing

    flushing.install()
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        # Handed on, it would have each worker read the settings before it has a home of its own.
        del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--only-db", action="store_true", help="only tests that use the database, browsers aside"
    )


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A test is not named after all of a long value: names stand in each process's environment."""
    return argname if isinstance(val, str | bytes) and len(val) > 200 else None


# What must not run beside its like: one Chromium, one whole instance at a time. All else keeps to its file,
# whose fixtures may be dear.
_GROUPS = ("faults", "browser")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, object, object]:
    if config.getoption("--only-db"):
        kept = [item for item in items if _uses_database(item) and not _group(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item) or str(item.path)))
    done = yield
    items.sort(key=_order)  # after pytest-django has: it puts what uses the database first
    return done


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: each full look of the garbage collector passes it over."""
    gc.collect()
    gc.freeze()


def _order(item: pytest.Item) -> int:
    """The longest group first, so that no worker is left alone with it; beside it what fails most cheaply."""
    group = _group(item)
    return (2 if _uses_database(item) else 1) if not group else {"faults": 0, "browser": 3}[group]


def _group(item: pytest.Item) -> str:
    # Also where the mark was forgotten: Playwright's loop must not run in a worker that has other tests to do.
    if "chromium" in getattr(item, "fixturenames", ()):
        return "browser"
    return next((name for name in _GROUPS if item.get_closest_marker(name)), "")


def _uses_database(item: pytest.Item) -> bool:
    names = set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or names & {"db", "transactional_db"})


def pytest_sessionfinish() -> None:
    import shutil

    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture(autouse=True)
def _notes_away() -> Iterator[None]:
    """What the shared home remembers of a test's database goes with it: the next one has another."""
    yield
    for name in ("instance.id", "audit-head.json", "ledger-head.json", "proofs-head.json"):
        Path(_HOME, name).unlink(missing_ok=True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A throw-away LACHAN_HOME for processes that a test starts."""
    monkeypatch.setenv("LACHAN_HOME", str(tmp_path))
    return tmp_path
