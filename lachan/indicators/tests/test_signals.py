"""What a name tells of whose it is."""

import pytest

from lachan.formats.guard.signals import signal_of


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("so-y-te.gov.vn", "government"),
        ("ministerio.gob.mx", "government"),
        ("mairie.gouv.sn", "government"),
        ("council.govt.nz", "government"),
        ("ministry.gub.uy", "government"),
        ("army.mil.kr", "government"),
        ("station.police.uk", "government"),
        ("agency.gov", "government"),
        ("thptso1.edu.vn", "government"),
        ("college.ac.nz", "government"),
        ("sd.sch.id", "government"),
        ("one.school.nz", "government"),
        ("north.k12.ca.us", "government"),
        ("thptso1.vn", "school"),
        ("mamnonhoamai.com", "school"),
        ("www.thcs-so2.com.vn", "school"),
        ("northhighschool.com", "school"),
        ("north-academy.co.uk", "school"),
        ("branch.example.bank", "bank"),
        ("www.vietcombank.vn", "bank"),
        ("hsbc.com.hk", "bank"),
        ("northswim.org", "association"),
        ("south-library.org.uk", "association"),
        ("cityorchestra.org", "association"),
        ("northparish.org", "association"),
        ("static.northcdn.com.vn", "content-network"),
        ("north-cdn.net", "content-network"),
    ],
)
def test_it_tells(name, rule):
    found = signal_of(name)
    assert found is not None, name
    assert found.rule == rule
    assert found.reason


@pytest.mark.parametrize(
    "name",
    [
        "example.com",
        "gov.example",  # no country: anybody could call himself so
        "gov-vn.com",
        "edu.northern.com",
        "vietcombank.top",  # a bank does not live there: the usual form of deceit
        "vietcombank-login.com",
        "login.vietcombank.xau.com",
        "northswim.com",  # a club's word proves nothing where everybody registers
        "oldschool.casino",
        "cdn.north.com",  # its own place for files, not a network's
        "so-y-te.gov.de",  # the registry gives no names below it: somebody's own
        "station.police.vn",
        "truong.edu.fr",
        "a.gov.xx",  # no such country
        "abc.go.it",  # a province's names, not a government's
        "com",
        "org",
        "vn",
    ],
)
def test_it_tells_nothing(name):
    assert signal_of(name) is None


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("thpt.org", "school"),
        ("swim.org", "association"),
        ("bank", "bank"),
        ("gov", "government"),
        ("edu.vn", "government"),
        ("k12.ca.us", "government"),
        ("a", None),
        ("", None),
    ],
)
def test_it_stands_odd_names(name, rule):
    """What is a signal and nothing else, and what is nothing at all."""
    assert getattr(signal_of(name), "rule", None) == rule
