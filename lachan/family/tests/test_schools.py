"""Schools: classes, networks, lessons, the page for the wall, and who has what."""

import re
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from lachan.family import selectors
from lachan.family.class_list import Trouble
from lachan.family.errors import LastAdult, NetworkUnusable, NothingNamed, SiteClosed
from lachan.family.follower import table_sync
from lachan.family.models import Child, Device, OwnName, Teacher
from lachan.family.projecting import edge_key, profile_of
from lachan.family.records import Sort
from lachan.family.services import boards, children, classes, households, lessons
from lachan.family.services.teachers import teacher_set
from lachan.formats.profiles.layout import ALLOW, PASS
from lachan.formats.profiles.table import ProfileReader, ProfileWriter
from lachan.kernel.clock import held_at, now
from lachan.kernel.errors import NotFound
from lachan.members.models import AuditEntry
from lachan.members.policy import NotAllowed
from lachan.members.records import PUBLIC

from .families import Family
from .schools import School

pytestmark = pytest.mark.django_db


@pytest.fixture
def school(db, settings):
    made = School()
    made.granted(settings, "10.20.0.0/16")
    return made


@pytest.fixture
def table(tmp_path):
    with ProfileWriter(tmp_path, edge_key()) as writer:
        yield writer, ProfileReader(tmp_path)


def peer(reader, address):
    import ipaddress

    reader.refresh()
    return reader.find_peer(ipaddress.ip_address(address).packed)


def wire(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))


def begin(school, who, name, **more):
    values = {"minutes": 45, "only": True, **more}
    return lessons.lesson_begin(by=who.actor, key=who.key, child=school.classes[name], **values)


def test_a_school_is_founded_and_takes_its_classes_by_pages_alone(settings):
    head = Client()
    page = head.get("/family/start/").content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert 'name="sort" value="school"' in page
    head.post("/family/found/", {**hidden, "sort": "school"})
    assert head.post("/family/code/kept/").url == "/family/"
    assert "/family/classes/list/" in head.get("/family/").content.decode()
    text = "lớp,tuổi,mạng,số máy\n6A,9-11,10.20.6.0/24,2\n8X,9-15\n"
    first = head.post("/family/classes/list/", {"list": text}).content.decode()
    assert "8X,9-15" in first
    assert "LACHAN_SCHOOL_NETWORKS=10.20.6.0/24=" in first
    assert Child.objects.count() == 0
    looked_at = re.search(r'name="looked_at" value="(\w+)"', first)[1]
    head.post("/family/classes/list/", {"list": text, "looked_at": "x", "take": "on"})
    assert Child.objects.count() == 0
    head.post("/family/classes/list/", {"list": text, "looked_at": looked_at, "take": "on"})
    assert Child.objects.count() == 1
    assert "6A" in head.get("/family/").content.decode()


def test_the_same_list_again_changes_nothing_and_a_changed_one_what_it_says(school):
    assert [one.status for one in school.takes("6A,9-11,10.20.6.0/24,2\n7B,13").rows] == ["new"] * 2
    uids, ways = {one.uid for one in school.listed}, set(Device.objects.values_list("way"))
    again = school.takes("6a ,9-11,10.20.6.0/24,2\n7B,13")
    assert [one.status for one in again.rows] == ["changed", "same"]  # a capital
    assert [one.status for one in school.takes("6a,9-11,10.20.6.0/24,1").rows] == ["same"]
    assert set(Device.objects.values_list("way")) == ways
    plan = school.takes("6A,12,10.20.6.0/24 10.20.60.0/24,3\n8C,13\nX,")
    assert [one.status for one in plan.rows] == ["changed", "new"]
    assert (plan.left, [one.trouble for one in plan.faults]) == (("7B",), [Trouble.UNKNOWN_AGE])
    assert uids < {one.uid for one in school.listed}
    found = next(one for one in school.listed if one.nickname == "6A")
    assert (found.band, len(found.devices)) == ("12-15", 5)


def test_a_network_belongs_to_one_class_and_the_longest_prefix_wins(school, table):
    writer, reader = table
    plan = school.takes("6A,9,10.20.0.0/20\n7B,13,10.20.7.0/24\n")
    assert plan.faults == ()
    numbers = {one.nickname: one.number for one in school.listed}
    table_sync(writer)
    assert peer(reader, "10.20.6.9") == numbers["6A"]
    assert peer(reader, "10.20.7.9") == numbers["7B"]
    taken = school.takes("8C,13,10.20.7.0/24\n8D,13").faults
    assert [(one.line, one.trouble) for one in taken] == [(1, Trouble.NETWORK_TAKEN)]
    uid = next(one.uid for one in school.listed if one.nickname == "6A")
    page = school.head.client().get(f"/family/classes/{uid}/").content.decode()
    assert "10.20.7.0/24 (7B)" in page
    assert school.number in page


def test_no_school_names_networks_that_were_not_given_to_it(school, settings, table):
    writer, reader = table
    other = School("cướp,16-17,10.20.6.0/25\n")
    assert other.takes("cướp,16-17,10.20.6.0/25").rows[0].waiting == ("10.20.6.0/25",)
    assert school.takes("6A,9-11,10.20.6.0/24 10.21.0.0/24 0.0.0.0/0").rows[0].waiting == (
        "10.21.0.0/24", "0.0.0.0/0",
    )  # fmt: skip
    with pytest.raises(NetworkUnusable):
        classes.class_network_add(
            by=other.head.actor, key=other.head.key, child=other.listed[0].uid, text="10.20.6.1"
        )
    table_sync(writer)
    assert peer(reader, "10.20.6.9") == school.listed[0].number
    assert peer(reader, "10.21.0.9") is None


def test_a_lesson_closes_all_but_its_own_and_ends_by_itself(school, table):
    writer, reader = table
    teacher, child = school.teacher("6A"), school.classes["6A"]
    children.name_set(by=school.head.actor, child=child, name="truong.example", allow=True)
    until = begin(school, teacher, "6A", services={"video"}, sites=["https://bai.example/1"])
    table_sync(writer)
    reader.refresh()
    number, at = school.shown("6A").number, int(time.time()) + 60
    rules = reader.rules_at(number, at)
    assert (rules.everything, rules.why) == (True, "schedule")
    assert "youtube" in rules.open_services
    assert reader.own(number, wire("truong.example"), at)[0] == ALLOW
    assert reader.own(number, wire("bai.example"), at) == (ALLOW, int(until.timestamp()))
    assert not reader.rules_at(number, until.timestamp()).everything
    assert reader.own(number, wire("bai.example"), until.timestamp())[0] == PASS
    assert reader.own(number, wire("truong.example"), until.timestamp())[0] == ALLOW
    assert not reader.rules_at(school.shown("7B").number, at).everything
    with held_at(until + timedelta(seconds=1)):
        assert school.shown("6A").lesson is None


def test_a_lesson_takes_two_taps_on_a_phone_and_is_seen_by_the_class(school):
    teacher, token = school.teacher("6A").client(), school.board("6A")
    home = teacher.get("/family/").content.decode()
    where = re.search(r'href="(/family/classes/[0-9a-f-]{36}/)"', home)[1]
    assert "7B" not in home
    teacher.post(f"{where}lesson/", {"how": "only"})
    shown = Client().get(f"/class/{token}/")
    assert shown["Refresh"]
    end = school.shown("6A").lesson.until
    assert abs(end - now().timestamp() - 45 * 60) < 5
    tablet = school.tablet("6A").client().get("/my/").content.decode()
    assert "tiết học" in tablet
    assert "tiết học" in shown.content.decode()
    teacher.post(f"{where}lesson/", {"how": "open", "sites": "bai.example x.example"})
    assert OwnName.objects.count() == 2
    teacher.post(f"{where}lesson/", {"end": "on"})
    assert OwnName.objects.count() == 0
    assert school.shown("6A").lesson is None


def test_a_lesson_names_what_it_opens_and_leaves_the_class_s_own_list(school):
    head, child = school.head, school.classes["6A"]
    with pytest.raises(NothingNamed):
        begin(school, head, "6A", only=False)
    children.name_set(by=head.actor, child=child, name="tro.example", allow=False)
    children.name_set(by=head.actor, child=child, name="truong.example", allow=True)
    with pytest.raises(SiteClosed):
        begin(school, head, "6A", sites=["tro.example"])
    begin(school, head, "6A", only=False, sites=["truong.example", "bai.example"])
    begin(school, head, "6A", services={"game"})
    assert {one.name: one.until for one in school.shown("6A").names} == {
        "tro.example": None, "truong.example": None,
    }  # fmt: skip
    page = head.client().post(
        f"/family/classes/{child}/lesson/", {"how": "open", "sites": "không có"}
    )
    assert page.status_code == 422
    assert "không có" in page.content.decode()


def test_help_stays_open_in_every_lesson(school, table, tmp_path):
    from lachan.edge.dns.asker import UDP, Policies
    from lachan.edge.dns.known import known_build, known_reader
    from lachan.edge.dns.layers import Layers
    from lachan.edge.dns.policy import BLOCK, Policy
    from lachan.edge.dns.profiles import Profiles
    from lachan.formats.known_names.loading import never_blocked
    from lachan.formats.snapshot.reader import SnapshotReader

    begin(school, school.head, "6A")
    known = known_reader()
    known_build(known)
    with ProfileWriter(tmp_path / "profiles", edge_key()) as writer:
        table_sync(writer)
    family = Profiles(tmp_path)
    stack = Layers(SnapshotReader(tmp_path / "snapshots"), known=known, profiles=family)
    asker = Policies(Policy(), profiles=family).asker("10.20.6.9", UDP)
    assert stack.decide(asker.policy, wire("any.example"), asker.held)[0] == BLOCK
    shut = [
        one.name
        for one in never_blocked()
        if stack.decide(asker.policy, wire(one.name), asker.held)[0] == BLOCK
    ]
    assert shut == []


def test_a_page_for_the_wall_names_nobody(school, client):
    token = school.board("6A")
    page = client.get(f"/class/{token}/").content.decode()
    assert "6A" not in page
    assert "10.20" not in page
    assert "tel:111" in page
    assert page.count("<form") == client.get("/family/open/").content.decode().count("<form") - 1
    named = school.board("6A", named=True)
    assert client.get(f"/class/{token}/").status_code == 404
    assert "6A" in client.get(f"/class/{named}/").content.decode()
    head = school.head
    boards.board_end(by=head.actor, key=head.key, child=school.classes["6A"])
    assert client.get(f"/class/{named}/").status_code == 404
    assert client.get("/class/%00ố/").status_code == 404


def test_a_teacher_has_her_classes_and_nothing_else(school):
    teacher, client = school.teacher("6A"), school.teacher("6A").client()
    ours, theirs = school.classes["6A"], school.classes["7B"]
    assert [one.nickname for one in selectors.child_list(by=teacher.actor, key=teacher.key)] == [
        "6A"
    ]
    assert client.get(f"/family/classes/{ours}/").status_code == 200
    for address in (f"/family/classes/{theirs}/", f"/family/children/{theirs}/"):
        assert client.get(address).status_code == 404
    with pytest.raises(NotFound):
        begin(school, teacher, "7B")
    with pytest.raises(NotAllowed):
        children.name_set(by=teacher.actor, child=ours, name="a.example", allow=True)
    for page in ("classes/list/", "history/", "delete/", "children/new/"):
        assert client.get(f"/family/{page}").status_code == 403
    with pytest.raises(NotAllowed):
        households.code_new(by=teacher.actor, key=teacher.key, printed=True)
    assert households.code_new(by=teacher.actor, key=teacher.key, printed=False)
    school.tablet("7B").asks("a.example")
    school.tablet("6A").asks("b.example")
    asked = selectors.ask_list(by=teacher.actor, key=teacher.key)
    assert [one.site for one in asked] == ["b.example"]
    assert not AuditEntry.objects.filter(action="policy.refuse").exists()


def test_another_school_s_teacher_is_a_stranger(school):
    other = School("6A,9\n")
    stranger, child = other.teacher("6A"), school.classes["6A"]
    for who in (stranger, other.head, Family().adult):
        with pytest.raises(NotFound):
            lessons.lesson_begin(by=who.actor, key=who.key, child=child, minutes=45, only=True)
        with pytest.raises(NotFound):
            boards.board_make(by=who.actor, key=who.key, child=child, named=True)
        assert who.client().get(f"/family/classes/{child}/").status_code == 404
    with pytest.raises(NotFound):
        teacher_set(
            by=other.head.actor, adult=stranger.opened.adult.uid, manages=False, classes=[child]
        )


def test_somebody_always_manages_the_school(school):
    head, teacher = school.head, school.teacher("6A")
    mine = head.opened.adult.uid
    with pytest.raises(LastAdult):
        teacher_set(by=head.actor, adult=mine, manages=False)
    with pytest.raises(LastAdult):
        households.adult_leave(by=head.actor, devices=[])
    teacher_set(by=head.actor, adult=teacher.opened.adult.uid, manages=True)
    device = school.tablet("6A").uid
    households.adult_leave(by=head.actor, devices=[device])
    assert Device.objects.filter(uid=device).exists()
    assert teacher.client().get("/family/classes/list/").status_code == 200
    printed = households.code_new(by=teacher.actor, key=teacher.key, printed=True)
    households.household_open(by=PUBLIC, text=printed, device="")
    assert Teacher.objects.filter(manages=True).count() == 2


def test_rights_and_pages_that_were_written_past_the_product_count_for_nothing(school):
    teacher, token, other = school.teacher("6A"), school.board("6A"), school.board("7B")
    children_of = {name: Child.objects.get(uid=uid).pk for name, uid in school.classes.items()}
    with connection.cursor() as cursor:
        cursor.execute("UPDATE family_teacher SET manages = %s", [True])
        cursor.execute("DELETE FROM family_board WHERE child_id = %s", [children_of["6A"]])
        cursor.execute("UPDATE family_board SET child_id = %s", [children_of["6A"]])
    assert teacher.actor.kind == "teacher"
    assert selectors.child_list(by=teacher.actor, key=teacher.key) == []
    assert boards.board_find(token) is None
    assert boards.board_find(other) is None
    with connection.cursor() as cursor:
        cursor.execute("UPDATE family_household SET sort = %s", [Sort.FAMILY])
    assert teacher.client().get("/family/").status_code == 302


def test_no_class_network_site_or_teacher_s_name_rests_in_clear(school):
    words = ["lop hoa mai", "10.20.66.0/24", "bai-kin.example", "co giao mai"]
    school.takes(f"{words[0]},9,{words[1]},1\n")
    child, head = school.listed[0].uid, school.head
    households.adult_name(by=school.head.invites().actor, name=words[3])
    lessons.lesson_begin(
        by=head.actor, key=head.key, child=child, minutes=45, only=True, sites=[words[2]]
    )
    boards.board_make(by=head.actor, key=head.key, child=child, named=True)
    assert words[0] in head.client().get("/family/").content.decode()
    tables = [one for one in connection.introspection.table_names() if one.startswith("family")]
    with connection.cursor() as cursor:
        for name in tables:
            cursor.execute(f"SELECT * FROM {name}")  # noqa: S608
            cells = [cell for row in cursor.fetchall() for cell in row]
            held = b"\n".join(
                bytes(one) if isinstance(one, bytes | memoryview) else str(one).encode()
                for one in cells
            )
            assert [word for word in words if word.encode() in held] == []
    assert len(tables) > 12


def test_a_class_begins_without_nights_which_are_the_family_s(school):
    assert school.shown("6A").rules.slots == ()
    profile = profile_of(Child.objects.get(uid=school.classes["6A"]))
    assert not any(day.everything for days in profile.week.days.values() for day in days)
