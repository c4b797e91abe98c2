"""The number of the desk's key stands wherever people can compare it."""

import pytest

from lachan.members.models import DeskKey

pytestmark = pytest.mark.django_db


def test_it_shows_one_number_to_staff_and_on_paper(personas):
    number = DeskKey.objects.get().number
    staff = personas.administrator.client()
    assert number in staff.get("/staff/members/desk-key/").content.decode()
    told = {"needed": 2, "total": 3}
    printed = staff.post("/staff/members/desk-key/shares/", told).content.decode()
    assert printed.count(number) == 3
