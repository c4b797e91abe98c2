import pytest


@pytest.fixture
def publish(personas):
    return personas.publish
