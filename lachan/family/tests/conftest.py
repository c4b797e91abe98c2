import pytest

from lachan.formats.profiles.reached import WaysIn

from .families import Family


@pytest.fixture
def reached(settings):
    """An edge that devices reach encrypted."""
    settings.FAMILY_WAYS = WaysIn(name="dns.localhost", tls=853, https=443)


@pytest.fixture
def family(db):
    return Family()
