"""One whole instance for all tests of faults that leave it as whole as they found it."""

from collections.abc import Iterator

import pytest

from tests.faults.standing import Standing
from tests.instance import Instance

_standing: list[Standing] = []


@pytest.fixture
def standing(tmp_path_factory: pytest.TempPathFactory) -> Standing:
    """The one instance. A test that fails takes it along: the next one has another."""
    if not _standing:
        instance = Instance(tmp_path_factory.mktemp("standing"))
        try:
            _standing.append(Standing(instance.start()))
        except BaseException:
            instance.close()
            raise
    return _standing[0]


@pytest.fixture
def instance(standing: Standing) -> Iterator[Instance]:
    """The same, for whoever has nothing acknowledged; no traceback is written meanwhile."""
    before = len(standing.instance.said())
    yield standing.instance
    assert "Traceback" not in standing.instance.said()[before:]


@pytest.hookimpl(trylast=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    if call.excinfo is not None and _shares(item):
        _end()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    # Processes that nobody asks any more would take their time from the other tests.
    if nextitem is None or not _shares(nextitem):
        _end()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever shares it comes after the others, one after another: whole instances run one at a time."""
    items.sort(key=_shares)


def _shares(item: pytest.Item) -> bool:
    return "standing" in getattr(item, "fixturenames", ())


def _end() -> None:
    while _standing:
        _standing.pop().close()
