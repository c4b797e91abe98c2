"""Who may see, held to ten lines that know nothing of levels or numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.formats.sharing import (
    ANYBODY,
    KEEPER,
    SEVERAL,
    Level,
    Reach,
    Tlp,
    Viewer,
    sees,
    tlps_within,
)

HOUSES, GROUPS, PROGRAMMES = (
    range(1, 5),
    range(SEVERAL, SEVERAL + 3),
    range(SEVERAL + 3, SEVERAL + 5),
)
CIRCLES = [*HOUSES, *GROUPS, *PROGRAMMES]


def oracle(member, joined, tlp, circle):
    """`member`: none, school or firm. `joined`: whose circles it is of. `circle`: of which the thing is."""
    if circle in joined:
        return True
    if tlp == "clear":
        return True
    if tlp == "green":
        return member in {"school", "firm"}
    if tlp == "amber":
        return member == "firm"
    return False


@given(
    st.sampled_from(["none", "school", "firm"]),
    st.sets(st.sampled_from(CIRCLES)),
    st.sampled_from(["clear", "green", "amber", "amber+strict", "red"]),
    st.sampled_from([0, *CIRCLES]),
)
def test_it_shows_what_the_protocol_says(member, joined, tlp, circle):
    level = {"none": Level.PUBLIC, "school": Level.COMMUNITY, "firm": Level.MEMBERS}[member]
    viewer, reach = Viewer.of(level, *joined), Reach(Tlp(tlp).level, circle)
    assert sees(viewer, reach) is oracle(member, joined, tlp, circle)
    assert sees(KEEPER, reach)
    assert sees(ANYBODY, reach) is oracle("none", set(), tlp, circle)
    assert (tlp in tlps_within(level)) is oracle(member, set(), tlp, circle)


@pytest.mark.parametrize("level", [Level.CIRCLE, -1, 5])
def test_no_level_opens_a_circle(level):
    with pytest.raises(ValueError, match="level"):
        Viewer(level)


@pytest.mark.parametrize("circle", [0, -1, 1 << 32])
def test_what_is_nobody_s_is_no_circle(circle):
    with pytest.raises(ValueError, match="circles"):
        Viewer.of(Level.MEMBERS, circle)


@given(st.sets(st.tuples(st.sampled_from([0, 1, 2]), st.frozensets(st.sampled_from(CIRCLES)))))
def test_no_two_sights_have_one_label(sights):
    assert len({Viewer(*one).label for one in sights}) == len(sights)


def test_a_label_names_the_audience():
    assert [Viewer(level).label for level in range(3)] == ["public", "community", "members"]
    assert Viewer.of(Level.MEMBERS, 7).label == "organisation-7"
    assert Viewer.of(Level.COMMUNITY, SEVERAL).label == f"community+circle-{SEVERAL}"
