import pytest

from lachan.sightings import selectors
from lachan.sightings.follower import Follower


@pytest.fixture
def publish(personas):
    return personas.publish


@pytest.fixture
def place(tmp_path):
    """A home, without anything in it."""
    (tmp_path / "run").mkdir()
    return tmp_path


@pytest.fixture
def follower(place):
    follower = Follower(place)
    yield follower
    follower.close()


@pytest.fixture
def pages_home(place, settings):
    """The pages look into the same home."""
    settings.LACHAN_HOME = place
    selectors._collection.cache_clear()
    yield place
    selectors._collection.cache_clear()
