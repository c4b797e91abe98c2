import pytest

from .families import Family


@pytest.fixture
def family(db):
    return Family()
