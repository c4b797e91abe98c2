"""Try a picture, and how the index stands: as staff see them."""

import re

import pytest

from lachan.kernel.clock import now
from lachan.kernel.ids import uuid7
from lachan.matching.between.lookup_status import LookupStatus, status_write
from lachan.matching.between.paths import collection_folder, damage_file
from lachan.members.models import AuditEntry
from lachan.sightings.histogram import bars_make, days_make, duration_words, share_below
from lachan.sightings.models import Sighting

pytestmark = pytest.mark.usefixtures("pages_home")

DIGEST = "ab" * 32
PDQ = "f8f8f0cce0f4e84d0e370a22028f67f0b36e2ed596623e1d33e6b39c4e9c9b22"
NEAR = f"{int(PDQ, 16) ^ 0b1110000:064x}"


def ask(persona, *values, **more):
    return persona.client().post("/staff/match/", {"values": "\n".join(values), **more})


def words(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


@pytest.fixture
def known(publish, follower):
    """A digest for everybody and a picture for the home organisation alone."""
    made = publish(DIGEST), publish(f"pdq:{PDQ}", tlp="red", confidence=60)
    assert follower.step()
    return made


def test_it_says_that_the_same_file_is_known(personas, known):
    page = ask(personas.analyst, DIGEST.upper())
    assert page.status_code == 200
    assert "Có trong danh sách" in words(page)
    assert "giống nhau từng byte" in words(page)
    assert "Lừa đảo" in words(page)
    assert f"/staff/indicators/{known[0].uid}/" in page.content.decode()


def test_it_says_how_near_a_picture_is(personas, known):
    assert "3 trên 256 điểm khác nhau" in words(ask(personas.analyst, NEAR))
    assert "trông như nhau" in words(ask(personas.analyst, PDQ))


@pytest.mark.parametrize(
    ("done", "said"),
    [
        ("", None),
        ("rotated-90", "xoay phải 90°."),
        ("rotated-180", "xoay 180°."),
        ("rotated-270", "xoay trái 90°."),
        ("mirrored", "lật ngang."),
        ("mirrored-rotated-90", "lật ngang rồi xoay phải 90°."),
        ("mirrored-rotated-180", "lật dọc."),
        ("mirrored-rotated-270", "lật ngang rồi xoay trái 90°."),
    ],
)
def test_it_says_how_a_picture_was_turned(personas, known, done, said):
    page = words(ask(personas.analyst, "cd" * 32, f"{NEAR} {done}"))
    assert "3 trên 256 điểm khác nhau" in page
    if said is None:
        assert "So với ảnh trong danh sách" not in page
    else:
        assert f"So với ảnh trong danh sách, ảnh này đã bị {said}" in page


def test_it_takes_the_picture_as_it_is_before_a_turned_one(personas, known):
    assert "xoay" not in words(ask(personas.analyst, PDQ, f"{PDQ} rotated-90")).split("Có trong")[1]
    assert "Đây không phải mã băm" in words(ask(personas.analyst, f"{PDQ} bent"))
    assert "lật ngang." in words(ask(personas.analyst, NEAR, f"{PDQ} mirrored"))


def test_it_keeps_the_wish_to_look_for_turned_pictures(personas, known):
    box = re.compile(r'<input type="checkbox"[^>]*name="turned"[^>]*>')
    assert "checked" in box.search(ask(personas.analyst, PDQ, turned="on").content.decode())[0]
    assert "checked" not in box.search(ask(personas.analyst, PDQ).content.decode())[0]


def test_it_shows_only_what_is_for_the_asker(personas, known):
    assert "Không có trong danh sách" in words(ask(personas.other.analyst, PDQ))
    assert "Có trong danh sách" in words(ask(personas.other.analyst, DIGEST))


def test_it_names_an_indicator_once_and_takes_many_lines(personas, known):
    page = ask(personas.analyst, PDQ, NEAR, "", DIGEST, DIGEST)
    assert page.content.decode().count("<article") == 2
    assert ask(personas.analyst, *[f"{n:064x}" for n in range(51)]).status_code == 422


@pytest.mark.parametrize("value", ["", "???", "<script>", "ab" * 31, "x" * 9000, "\x00"])
def test_it_asks_again_for_what_is_no_fingerprint(personas, known, value):
    page = ask(personas.analyst, value)
    assert page.status_code == 422
    assert "errorlist" in page.content.decode()
    assert "<script>" not in page.content.decode()


def test_it_answers_what_it_can_read_beside_what_it_cannot(personas, known):
    page = ask(personas.analyst, "???", DIGEST)
    assert page.status_code == 422
    assert "Có trong danh sách" in words(page)
    assert "Đây không phải mã băm: ???" in words(page)


def verdicts(page):
    found = re.findall(
        r"<li><span[^>]*>([^<]*)</span>\s*<br><strong>([^<]*)</strong>", page.content.decode()
    )
    return [(name, " ".join(said.split())) for name, said in found]


def test_it_says_of_each_whether_it_is_on_the_lists(personas, known):
    page = ask(personas.analyst, DIGEST, "cd" * 32, "???")
    assert verdicts(page) == [
        (f"{DIGEST[:16]}…", "có trong danh sách"),
        ("cd" * 8 + "…", "không có trong danh sách"),
        ("???", "không phải mã băm"),
    ]
    assert "Có trong danh sách: 1 trên 3" in words(page)
    assert verdicts(ask(personas.analyst, DIGEST, DIGEST)) == []


def test_it_says_of_each_file_what_came_of_it(personas, known):
    page = ask(
        personas.analyst,
        *(
            f"{NEAR} #1:q90",
            f"{'cd' * 32} #1",
            f"{'ce' * 32} #2:not-a-picture",
            f"{'cf' * 32} #3:q12",
        ),
        *(f"{'d0' * 32} #4:q80", f"{DIGEST} #5:damaged", f"{PDQ[::-1]} mirrored #4"),
    )
    assert verdicts(page) == [
        ("Tệp 1", "có trong danh sách"),
        ("Tệp 2", "không mở được như ảnh; so nguyên tệp thì không có trong danh sách"),
        ("Tệp 3", "ảnh quá ít chi tiết để so"),
        ("Tệp 4", "không có trong danh sách"),
        ("Tệp 5", "có trong danh sách"),
    ]
    assert 'data-file="3"' in page.content.decode()
    cards = page.content.decode().split("<article")[1:]
    assert sorted(re.search(r'data-file="(\d)"', card)[1] for card in cards) == ["1", "5"]


def test_it_never_says_not_on_the_lists_of_what_could_not_be_opened(personas, known):
    alone = ask(personas.analyst, f"{'cd' * 32} #1:damaged", reason="damaged")
    assert "Không có trong danh sách" not in words(alone)
    assert "Chưa so được như một tấm ảnh" in words(alone)
    many = ask(personas.analyst, f"{'cd' * 32} #1:damaged", f"{'ce' * 32} #2:q90")
    assert "Chưa so được hết" in words(many)
    assert "Không có trong danh sách" not in words(many)
    fine = ask(personas.analyst, f"{'cd' * 32} #1:q80", f"{'ce' * 32} #2:q90")
    assert "Không có trong danh sách" in words(fine)


def test_it_writes_down_that_somebody_looked_and_not_for_what(personas, known):
    ask(personas.analyst, DIGEST, "cd" * 32)
    entry = AuditEntry.objects.get(action="match.lookup")
    assert entry.detail == {"values": 2, "hits": 1}
    assert DIGEST not in f"{entry.object}{entry.detail}"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"quality": "12"}, "quá ít chi tiết"),
        ({"reason": "not-a-picture"}, "Không mở được ảnh này"),
        ({"reason": "too-many-pixels"}, "Ảnh quá lớn"),
        ({"reason": "canvas-disturbed"}, "làm nhiễu"),
    ],
)
def test_it_says_what_the_browser_could_not_do(personas, known, more, said):
    assert said in words(ask(personas.analyst, DIGEST, **more))


def test_it_says_when_a_file_is_too_large(personas, known):
    assert "quá lớn" in words(ask(personas.analyst, "", reason="too-large"))


def test_it_rests_without_an_index_and_tells_of_a_damaged_one(personas, pages_home, follower):
    assert ask(personas.analyst, DIGEST).status_code == 503
    follower.step()
    assert ask(personas.analyst, DIGEST).status_code == 200
    (collection_folder(pages_home) / "manifest.json").write_text("{}")
    from lachan.sightings import selectors

    selectors._collection.cache_clear()
    assert ask(personas.analyst, DIGEST).status_code == 503


def test_a_stranger_and_who_may_not_are_refused(client, personas):
    assert client.get("/staff/match/").status_code == 302
    assert client.get("/staff/match/health/").status_code == 302
    assert personas.administrator.client().get("/staff/match/").status_code == 403
    assert personas.analyst.client().get("/staff/match/health/").status_code == 403


def test_it_shows_how_the_index_stands(personas, pages_home, publish, follower):
    page = personas.technical.client().get("/staff/match/health/")
    assert "Chưa có chỉ mục" in words(page)
    publish(DIGEST)
    follower.step()
    status = LookupStatus(pid=1)
    for seconds in (0.0002, 0.0009, 0.0009, 0.3):
        status.count(1000, 5, seconds)
    status.refuse("quota-spent")
    status_write(pages_home, status)
    page = personas.auditor.client().get("/staff/match/health/")
    assert "Chỉ mục đã có đủ mọi quyết định trong sổ" in words(page)
    assert "sha256" in words(page)
    assert re.search(r"\b4\W?000\b", words(page))
    assert "quota-spent 1" in words(page)
    assert "mất dưới 1 ms" in words(page)
    assert page.content.decode().count("<rect") == len(bars_make(status.took))
    assert "style=" not in page.content.decode()
    publish("cd" * 32)
    page = personas.technical.client().get("/staff/match/health/")
    assert "chậm hơn sổ quyết định 1 dòng" in words(page)
    assert not damage_file(pages_home).exists()


def test_an_indicators_page_says_how_often_it_was_met(personas, publish, follower):
    made = publish(DIGEST)
    where = f"/staff/indicators/{made.uid}/"
    assert "Các nền tảng đã gặp" not in words(personas.analyst.client().get(where))
    hour = now().replace(minute=0, second=0, microsecond=0)
    for number, organisation in enumerate((personas.organisation, personas.other.organisation), 1):
        Sighting.objects.create(
            indicator=made.uid, hour=hour, organisation=organisation, count=number
        )
    Sighting.objects.create(indicator=uuid7(), hour=hour, organisation=organisation, count=9)
    page = personas.analyst.client().get(where)
    assert "Các nền tảng đã gặp 3 lần trong 30 ngày qua" in words(page)
    assert page.content.decode().count("<rect") == 1


def test_its_pictures_are_whole_numbers_within_their_frame():
    bars = bars_make([0, 0, 5, 0, 1, 1000, 0])
    assert [bar.count for bar in bars] == [5, 0, 1, 1000]
    assert all(0 <= bar.x <= bar.x + bar.width <= 640 for bar in bars)
    assert all(0 <= bar.y <= bar.y + bar.height <= 150 for bar in bars)
    assert [bar.height > 0 for bar in bars] == [True, False, True, True]
    assert bars_make([0] * 24) == []
    assert len(bars_make([1] * 24)) == 24
    assert [bar.height for bar in days_make([0, 1, 2])] == [0, 24, 48]
    assert share_below([0, 5, 5], 50) == "2 µs"
    assert share_below([0] * 3, 50) == ""
    assert [duration_words(1 << n) for n in (0, 9, 10, 19, 20)] == [
        "1 µs", "512 µs", "1 ms", "512 ms", "1 s",
    ]  # fmt: skip
