"""The operator's list of well-known sites: from files of many forms into one mapped file."""

import gzip
import io
import json
import os
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.formats.guard.records import UnusableList
from lachan.formats.guard.rules import Guard, Rule
from lachan.formats.guard.sites import Sites, SitesWriter, sites_path
from lachan.formats.observables.parsing import parse
from lachan.indicators.selectors import guard_sites
from lachan.indicators.services import sites_replace
from lachan.kernel.clock import now
from lachan.kernel.errors import LachanError, Refused, Unavailable
from lachan.members.models import AuditEntry
from lachan.members.records import PUBLIC, system

OPERATOR = system("test")


@pytest.fixture
def home(tmp_path, settings):
    settings.LACHAN_HOME = tmp_path
    return tmp_path


def bring(home, content, name="sites.csv", **options):
    path = home / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return sites_replace(by=OPERATOR, files=[path], **options)


def place(home, name):
    return Sites(sites_path(home)).place(name)


MISP = {"name": "Top", "type": "hostname", "list": ["lon.example", "to.example", "10.0.0.1"]}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "places"),
    [
        ("1,lon.example\r\n2,To.Example\r\n", {"lon.example": 1, "to.example": 2}),
        ("\ufeff1,lon.example\n7,to.example", {"lon.example": 1, "to.example": 7}),
        ('"1","lon.example"\n"2","to.example"\n', {"lon.example": 1, "to.example": 2}),
        ("1\tlon.example\n2\tto.example\n", {"lon.example": 1, "to.example": 2}),
        ("lon.example,5\nto.example,9\n", {"lon.example": 5, "to.example": 9}),
        ("# ours\n\nlon.example\nwww.to.example\n", {"lon.example": 0, "to.example": 0}),
        ("domain\nlon.example\nto.example\n", {"lon.example": 0, "to.example": 0}),
        ("origin,rank\nhttps://lon.example,1000\nhttp://www.to.example:80/,1000\n",
         {"lon.example": 1000, "to.example": 1000}),
        ("GlobalRank,TldRank,Domain,TLD\n3,1,lon.example,example\n4,2,to.example,example\n",
         {"lon.example": 3, "to.example": 4}),
        (json.dumps(MISP), {"lon.example": 0, "to.example": 0}),
        (json.dumps(MISP, indent=1), {"lon.example": 0, "to.example": 0}),
        (gzip.compress(b"1,lon.example\n2,to.example\n", mtime=0), {"lon.example": 1, "to.example": 2}),
        ("1,lớn.example\n2,to.example\n", {parse("lớn.example").value: 1, "to.example": 2}),
    ],
    ids=range(13),
)  # fmt: skip
def test_it_reads_what_people_have(home, content, places):
    head = bring(home, content)
    assert {name: place(home, name) for name in places} == places
    assert head.names == head.files[0].taken == 2
    assert place(home, "nho.example") is None
    assert guard_sites() == head
    assert AuditEntry.objects.filter(action="guard.update").count() == 1


@pytest.mark.django_db
def test_it_unpacks_what_tranco_gives(home):
    with zipfile.ZipFile(home / "top.zip", "w") as packed:
        packed.writestr("top-1m.csv", "1,lon.example\n2,to.example\n")
    head = sites_replace(by=OPERATOR, files=[home / "top.zip"], top=1)
    assert (head.names, place(home, "lon.example"), place(home, "to.example")) == (1, 1, None)


@pytest.mark.django_db
def test_it_takes_several_files_and_the_better_place(home):
    (home / "a.csv").write_text("1,lon.example\n9,to.example\n")
    (home / "b.csv").write_text("2,to.example\nkhong phai ten\n3,nho.example\n")
    head = sites_replace(by=OPERATOR, files=[home / "a.csv", home / "b.csv"])
    assert [place(home, f"{name}.example") for name in ("lon", "to", "nho")] == [1, 2, 3]
    assert [file.refused for file in head.files] == [{}, {"bad-characters": 1}]


def packed_oddly(content):
    """A zip file whose member is packed in a way that nothing here can unpack."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("top.csv", content)
    packed = bytearray(made.getvalue())
    directory = packed.index(b"PK\x01\x02")
    packed[8] = packed[directory + 10] = 9
    return bytes(packed)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"# nothing\n",
        b"<html><body>404 not found</body></html>\n",
        b"a b\nc d\nlon.example\n",
        b"\x00\x01\x02" * 50,
        b'{"name": "x", "type": "cidr", "list": ["45.33.32.0/24"]}',
        b'{"broken',
        b"PK\x03\x04 cut short",
        gzip.compress(b"1,lon.example\n" * 50, mtime=0)[:30],
        packed_oddly(b"1,lon.example\n"),
    ],
    ids=range(10),
)
def test_a_wrong_file_leaves_the_old_list(home, content):
    bring(home, "1,lon.example\n")
    with pytest.raises(UnusableList, match=r"new.csv"):
        bring(home, content, "new.csv")
    assert place(home, "lon.example") == 1
    assert [path.name for path in (home / "guard").iterdir()] == ["sites.bin"]


@pytest.mark.django_db
def test_it_is_for_those_who_may_and_says_what_cannot_be_read(home):
    (home / "a.csv").write_text("1,lon.example\n")
    with pytest.raises(Refused):
        sites_replace(by=PUBLIC, files=[home / "a.csv"])
    with pytest.raises(Unavailable, match=r"none.csv"):
        sites_replace(by=OPERATOR, files=[home / "none.csv"])
    assert not sites_path(home).exists()


def written(path, *listed):
    writer = SitesWriter()
    for at, name in enumerate(listed, 1):
        writer.add(name, at)
    path.parent.mkdir(exist_ok=True)
    writer.write(path, made_at=now(), files=())
    return Sites(path)


def test_its_folder_is_its_owner_s_alone(tmp_path):
    path, before = sites_path(tmp_path), os.umask(0o022)
    try:
        SitesWriter().write(path, made_at=now(), files=())
    finally:
        os.umask(before)
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_it_sees_damage(tmp_path):
    path = tmp_path / "sites.bin"
    sites = written(path, *(f"site{number}.example" for number in range(200)))
    sites.verify()
    whole = path.read_bytes()
    for cut in (0, 5, 11, 60, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(LachanError):
            Sites(path)
    path.write_bytes(b"LCSITES2" + whole[8:])
    with pytest.raises(UnusableList, match="no list of well-known sites"):
        Sites(path)
    path.write_bytes(whole[:-9] + b"\xff" + whole[-8:])
    with pytest.raises(UnusableList):
        Sites(path).verify()


@given(
    st.lists(st.from_regex(r"[a-z]{1,3}(\.[a-z]{1,3}){0,2}\.example", fullmatch=True), max_size=30)
)
def test_it_finds_all_that_it_was_given_and_nothing_else(tmp_path_factory, names):
    sites = written(tmp_path_factory.mktemp("sites") / "sites.bin", *names)
    bare = [name.removeprefix("www.") for name in names]
    assert all(sites.place_listed(name) for name in bare)
    for name in bare:
        above = name.partition(".")[2]
        assert above in {"example", ""} or sites.place(above) is not None
        assert (sites.place_listed(above) is not None) == (above in bare)
    assert sites.place("other.name.example") is None


def test_it_holds_back_a_site_and_its_own_hosts_but_not_strangers(tmp_path):
    sites = written(
        tmp_path / "s.bin", "lon.example", "a.sau.example", "chung.example", "github.io"
    )
    guard = Guard(sites=sites)
    guard.add_names(Rule("shared-hosting", "strangers share it"), ["chung.example"])

    def rules(text):
        return [warning.rule for warning in guard.check(parse(text))]

    for text in ("lon.example", "www.lon.example", "a.b.lon.example", "https://lon.example/"):
        assert rules(text) == ["popular-site"]
    assert rules("sau.example") == ["popular-site"]  # blocking it blocks a.sau.example
    assert rules("b.sau.example") == []
    assert rules("chung.example") == ["shared-hosting"]
    assert rules("xau.chung.example") == []
    assert rules("xau.github.io") == []
    assert rules("https://lon.example/xau") == []
    assert "number 1 of" in guard.check(parse("lon.example"))[0].reason
