"""What is left behind where a child was: on the phone, and on the disk."""

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db
PAGES = ["home", "report", "check", "blocked", "inbox", "dispute"]


@pytest.mark.parametrize("name", PAGES)
def test_it_leaves_no_cookie_that_outlives_the_browsers_window(client, personas, name):
    client.get(reverse(name))
    client.post(reverse("language"), {"language": "en", "next": reverse(name)})
    client.post(reverse("inbox"), {"receipt": "0000 0000", "words": "x", "language": "fr"})
    client.post(reverse("report"), {"language": "fr"})
    lasting = {
        key: m["max-age"] for key, m in client.cookies.items() if m["max-age"] or m["expires"]
    }
    assert lasting == {}


@pytest.mark.parametrize("name", ["home", "report", "blocked"])
def test_who_only_reads_gets_no_cookie_at_all(client, personas, name):
    client.get(reverse(name))
    assert not client.cookies


def test_another_site_changes_no_language(client):
    for site, kept in (("cross-site", False), ("same-origin", True)):
        answer = client.post(
            reverse("language"), {"language": "en"}, headers={"Sec-Fetch-Site": site}
        )
        assert ("lang" in answer.cookies) is kept
