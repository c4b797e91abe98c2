"""Each service by two names that were written down apart from its data: one of its own, one that is only near it."""

import json
from pathlib import Path

import pytest

from lachan.formats.guard.loading import guard_build
from lachan.formats.known_names.loading import service_list
from lachan.formats.known_names.overlay import known_as
from lachan.formats.observables.parsing import parse

NEAR = json.loads(Path(__file__).with_name("near_names.json").read_bytes())
# Rules that speak of what pages and devices everywhere are made of.
SHARED = {"content-network", "infrastructure", "embedded", "public-suffix"}


def test_each_service_is_tried():
    assert set(NEAR) == {service.code for service in service_list()}


@pytest.mark.parametrize("code", sorted(NEAR))
def test_it_knows_its_own_names_and_leaves_its_neighbours_alone(code):
    found = known_as(NEAR[code]["blocked"])
    assert found is not None
    assert found.categories[0] == f"service:{code}"
    near = known_as(NEAR[code]["near"])
    assert near is None or f"service:{code}" not in near.categories


@pytest.mark.parametrize("service", service_list(), ids=lambda each: each.code)
def test_it_claims_nothing_that_strangers_share(service):
    guard = guard_build((), ())
    for name in service.domains:
        said = {warning.rule for warning in guard.check(parse(name, "domain"))}
        assert not said & SHARED, name
