"""A school's list of classes, as people paste it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.family.class_list import ClassRow, Trouble, band_read, class_list_read
from lachan.family.records import Band


@pytest.mark.parametrize(
    "text",
    [
        "6A,9-11,10.20.6.7/24 2001:db8:6::/64,30",
        "class,age,networks,devices\n6A,9-11,10.20.6.0/24 2001:db8:6::/64,30\n",
        "\ufeffSố máy;Mạng;Lớp;Độ tuổi\r\n30;10.20.6.0/24 2001:db8:6:0::/64;6A;9–11 tuổi\r\n",
        "# ours\n\n  6A \t 10 \t10.20.6.0/24, 2001:db8:6::/64\t30\n",
        'Classe,Âges,Réseaux,Appareils\n6A,"9 à 11 ans","10.20.6.0/24,2001:db8:6::/64",30',
    ],
)
def test_it_reads_a_class_however_it_is_written(text):
    rows, faults = class_list_read(text)
    assert faults == []
    networks = ("10.20.6.0/24", "2001:db8:6::/64")
    assert [(one.name, one.band, one.networks, one.devices) for one in rows] == [
        ("6A", Band.FROM_9, networks, 30)
    ]


@pytest.mark.parametrize(
    ("line", "trouble"),
    [
        (",9-11", Trouble.NO_NAME),
        ("x" * 41 + ",9", Trouble.LONG_NAME),
        ("8A,9-15", Trouble.UNKNOWN_AGE),
        ("8A,", Trouble.UNKNOWN_AGE),
        ("8A,lớn", Trouble.UNKNOWN_AGE),
        ("8A,121", Trouble.UNKNOWN_AGE),
        ("8A,12,10.20.700.0/24", Trouble.NO_NETWORK),
        ("8A,12,vlan 7", Trouble.NO_NETWORK),
        ("8A,12,,nhiều", Trouble.NO_NUMBER),
        ("8A,12,,-1", Trouble.NO_NUMBER),
        ("8A,12,,121", Trouble.MANY_DEVICES),
        ("8A,12,,99999999999", Trouble.MANY_DEVICES),
        ("8A,12,,1,Bống,Tôm", Trouble.MANY_CELLS),
        ('8A,"12', Trouble.OPEN_QUOTE),
        ("6a,12", Trouble.CLASS_TWICE),
        ("8A,12,10.20.6.1/24", Trouble.NETWORK_TWICE),
    ],
)
def test_it_names_a_broken_line_and_keeps_the_others(line, trouble):
    rows, faults = class_list_read(f"6A,9,10.20.6.0/24\n{line}\n9C,16-17\n")
    assert [one.name for one in rows] == ["6A", "9C"]
    assert [(one.line, one.trouble, one.text) for one in faults] == [(2, trouble, line)]


def test_it_reads_so_many_lines_and_says_where_it_stopped():
    rows, faults = class_list_read("".join(f"{n},10\n" for n in range(600)))
    assert len(rows) == 500
    assert [(one.line, one.trouble) for one in faults] == [(501, Trouble.MANY_LINES)]


@given(st.text(max_size=200))
def test_every_line_is_a_class_a_fault_or_empty(text):
    rows, faults = class_list_read(text)
    lines = [one.line for one in (*rows, *faults)]
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize("band", list(Band))
def test_it_knows_the_bands_by_their_own_names(band):
    assert band_read(band.value) is band


def test_a_row_is_what_it_says():
    assert class_list_read("7B,13")[0] == [ClassRow(1, "7B", Band.FROM_12)]
