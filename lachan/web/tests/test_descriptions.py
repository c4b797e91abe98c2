"""What a search engine shows under the title of a page of the public."""

import re

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

pytestmark = pytest.mark.django_db
FOUND_BY = re.compile(r'<meta name="description" content="([^"]*)">')


def _addresses(patterns, prefix="/"):
    for pattern in patterns:
        where = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver) and where != "/v1/":
            yield from _addresses(pattern.url_patterns, where)
        elif isinstance(pattern, URLPattern) and "<" not in where and _is_public(pattern):
            yield where


def _is_public(pattern):
    return getattr(pattern.callback, "policy_action", "") == "public"


def _pages(client):
    for address in _addresses(get_resolver().url_patterns):
        answer = client.get(address)
        if answer.status_code == 200 and 'class="public"' in (html := answer.content.decode()):
            yield address, html


@pytest.mark.parametrize("language", ["vi", "en", "fr"])
def test_it_describes_every_page_of_the_public_in_words_of_its_own(client, language):
    client.cookies["lang"] = language
    pages = {address: FOUND_BY.findall(html) for address, html in _pages(client)}
    assert {"/", "/report/", "/inbox/", "/check/"} <= set(pages)
    assert [
        a for a, found in pages.items() if len(found) != 1 or not 70 <= len(found[0]) <= 160
    ] == []
    assert len({found[0] for found in pages.values()}) == len(pages)


def test_it_describes_a_page_that_is_not_there(client):
    assert FOUND_BY.search(client.get("/nothing-here").content.decode())[1]
