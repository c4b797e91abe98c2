"""A radius at which strangers' pictures match says so."""

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from lachan.cli.commands.match import command as match
from lachan.cli.commands.scan import command as scan
from lachan.matching.algorithms.pdq.algorithm import RADIUS
from lachan.matching.algorithms.pdq.chance import chance_matches, chance_radius

PDQ = "f8f8f0cce0f4e84d0e370a22028f67f0b36e2ed596623e1d33e6b39c4e9c9b22"


@pytest.mark.parametrize("command", [match, scan])
@pytest.mark.parametrize(
    ("radius", "warned"),
    [(0, False), (31, False), (48, False), (49, True), (80, True), (256, True)],
)
def test_it_warns_of_a_radius_at_which_chance_matches(command, radius, warned, tmp_path):
    value = PDQ if command is match else str(tmp_path)
    words = [value, "--collection", str(tmp_path / "none"), "--radius", str(radius)]
    done = CliRunner().invoke(command, words)
    assert ("match by chance" in done.stderr) == warned
    assert "match by chance" not in done.stdout


def test_it_warns_from_where_the_page_says():
    assert chance_radius() == 49 > RADIUS
    assert chance_matches(RADIUS, 10_000_000) < 1e-7


@given(st.integers(0, 255), st.integers(1, 10**9))
def test_a_larger_radius_meets_more_by_chance(radius, listed):
    assert 0 < chance_matches(radius, listed) <= chance_matches(radius + 1, listed) <= listed
