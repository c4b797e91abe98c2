"""Pictures that somebody turned or mirrored before passing them on."""

import csv
import functools
import io
import json
import pickle
import zipfile

import msgspec
import pytest
from PIL import Image

from lachan.matching.algorithms.pdq.picture import picture_hash
from lachan.matching.algorithms.pdq.tests.files import picture, save, turned_jpeg
from lachan.matching.algorithms.pdq.transform import Transform
from lachan.matching.scanning.cluster import _Remote
from lachan.matching.scanning.examining import Examiner
from lachan.matching.scanning.journal import Journal, scan_name
from lachan.matching.scanning.records import Item, Limits, Outcome, ScanConflict
from lachan.matching.scanning.report import COLUMNS
from lachan.matching.scanning.scan import Settings, journal_path, scan
from lachan.matching.scanning.tests.known import KnownValues
from lachan.matching.scanning.workers import Order

NUMBER = 3
LISTED = picture(NUMBER, 640, 480)
HASH = picture_hash(save(LISTED, "PNG")).stored.text
KNOWN = functools.partial(KnownValues, [("pdq", HASH)])
LEFT, ROUND, RIGHT = (  # Pillow counts the other way round
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_180,
    Image.Transpose.ROTATE_270,
)
MIRROR = Image.Transpose.FLIP_LEFT_RIGHT
DONE = {
    "": (),
    "rotated-90": (RIGHT,),
    "rotated-180": (ROUND,),
    "rotated-270": (LEFT,),
    "mirrored": (MIRROR,),
    "mirrored-rotated-90": (MIRROR, RIGHT),
    "mirrored-rotated-180": (MIRROR, ROUND),
    "mirrored-rotated-270": (MIRROR, LEFT),
}


def done(image, name):
    return functools.reduce(lambda one, step: one.transpose(step), DONE[name], image)


def look(*paths, opener=KNOWN, report=None, jobs=1, **options):
    settings = Settings(paths=tuple(map(str, paths)), **options)
    return scan(settings, opener, report=report, jobs=jobs)


def examine(path, opener=KNOWN, *, turned):
    """The same of one file, without a process of its own; its only match, or None."""
    outcome = Outcome(Item(str(path), 0, 0))
    Examiner(opener(), Limits(), keep_clean=True, turned=turned).examine(outcome)
    (finding,) = outcome.findings
    return next(iter(finding.matches), None)


def turned_of(findings):
    """How each of the pictures was turned, by name."""
    return {found.path.rpartition("/")[2]: found.matches[0].turned for found in findings}


@pytest.fixture
def folder(tmp_path):
    """A listed picture, all seven others that it can be turned into, smaller and with loss, and one more."""
    top = tmp_path / "pictures"
    top.mkdir()
    for name in DONE:
        image = done(LISTED, name)
        smaller = image.resize((image.width // 2, image.height // 2))
        (top / f"{name or 'as-it-is'}.jpg").write_bytes(save(smaller, "JPEG", quality=75))
    (top / "other.png").write_bytes(save(picture(8, 640, 480), "PNG"))
    return top


@pytest.mark.parametrize("jobs", [1, 2])
def test_it_finds_a_picture_however_it_was_turned(folder, jobs):
    summary, findings = look(folder, turned=True, jobs=jobs)
    assert turned_of(findings) == {f"{name or 'as-it-is'}.jpg": name for name in DONE}
    assert (summary.counts.known, summary.counts.clean) == (8, 1)
    assert all(found.matches[0].distance <= 31 for found in findings)
    assert all(found.matches[0].value == HASH for found in findings)


@pytest.mark.parametrize("number", [20, 22, 23, 24, 26, 27])
def test_it_names_what_was_done_to_any_picture(tmp_path, number):
    listed = picture(number, 400 + 31 * number, 900 - 17 * number)
    opener = functools.partial(
        KnownValues, [("pdq", picture_hash(save(listed, "PNG")).stored.text)]
    )
    path = tmp_path / "anh.png"
    for name in DONE:
        path.write_bytes(save(done(listed, name), "PNG"))
        assert examine(path, opener, turned=True).turned == name
        assert name == "" or examine(path, opener, turned=False) is None


def test_it_asks_for_pictures_as_they_are_unless_told_otherwise(folder):
    _, findings = look(folder)
    assert turned_of(findings) == {"as-it-is.jpg": ""}


def test_it_finds_them_in_archives(folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.write(folder / "mirrored.jpg", "anh.jpg")
    assert turned_of(look(tmp_path / "in.zip", turned=True)[1]) == {"anh.jpg": "mirrored"}


def test_it_takes_the_nearest_and_among_equals_the_picture_as_it_is(tmp_path):
    path = tmp_path / "anh.png"
    path.write_bytes(save(LISTED, "PNG"))
    mirrored = picture_hash(path, turned=True).before[Transform.MIRRORED].text
    both = functools.partial(KnownValues, [("pdq", HASH), ("pdq", mirrored)])
    match = examine(path, both, turned=True)
    assert (match.distance, match.turned) == (0, "")
    near = f"{int(HASH, 16) ^ 0b111:064x}"
    nearer = functools.partial(KnownValues, [("pdq", near), ("pdq", mirrored)])
    match = examine(path, nearer, turned=True)
    assert (match.distance, match.turned, match.asked) == (0, "mirrored", mirrored)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_does_not_take_a_phone_on_its_side_for_a_turned_picture(tmp_path, orientation):
    data = turned_jpeg(orientation, NUMBER)
    path = tmp_path / "phone.jpg"
    path.write_bytes(data)
    found = picture_hash(data)
    for listed in (found.stored.text, found.upright.text):
        opener = functools.partial(KnownValues, [("pdq", listed)])
        match = examine(path, opener, turned=True)
        assert match == examine(path, opener, turned=False)
        assert match.turned == ""


@pytest.mark.parametrize("suffix", ["json", "csv", "parquet"])
def test_its_report_says_how(folder, tmp_path, suffix):
    report = tmp_path / f"report.{suffix}"
    look(folder / "mirrored-rotated-90.jpg", folder / "as-it-is.jpg", turned=True, report=report)
    if suffix == "json":
        rows = [found["matches"][0] for found in json.loads(report.read_text())["known"]]
    elif suffix == "csv":
        rows = list(csv.DictReader(io.StringIO(report.read_text())))
        assert tuple(rows[0]) == COLUMNS
    else:
        rows = pytest.importorskip("pyarrow.parquet").read_table(report).to_pylist()
    assert [row["turned"] for row in rows] == ["", "mirrored-rotated-90"]


def test_lists_of_hashes_are_asked_as_they_stand(tmp_path):
    mirrored = picture_hash(save(done(LISTED, "mirrored"), "PNG")).stored.text
    path = tmp_path / "list.csv"
    path.write_text(f"pdq\n{HASH}\n{mirrored}\n")
    found = look(path, turned=True)[1]
    assert found == look(path)[1]
    assert [(one.path, one.matches[0].turned) for one in found] == [(f"{path}:2", "")]


class Stopped(Exception):
    pass


def interrupted(settings, report):
    """Stopped after the first picture."""

    def stop(_):
        raise Stopped

    with pytest.raises(Stopped):
        scan(settings, KNOWN, report=report, jobs=1, progress=stop)
    assert journal_path(report).read_bytes().count(b"\n") == 2


@pytest.mark.parametrize("turned", [True, False])
def test_it_goes_on_with_the_same_question_and_with_no_other(folder, tmp_path, turned):
    report = tmp_path / "report.json"
    settings = Settings(paths=(str(folder),), turned=turned)
    interrupted(settings, report)
    other = msgspec.structs.replace(settings, turned=not turned)
    with pytest.raises(ScanConflict, match="another scan"):
        scan(other, KNOWN, report=report, jobs=1)
    summary, findings = scan(settings, KNOWN, report=report, jobs=1)
    assert summary.resumed == 1
    assert findings == look(folder, turned=turned)[1]
    interrupted(settings, report)
    summary, findings = scan(other, KNOWN, report=report, jobs=1, restart=True)
    assert summary.resumed == 0
    assert findings == look(folder, turned=not turned)[1]


def test_it_does_not_go_on_with_a_journal_from_before_there_was_the_question(folder, tmp_path):
    settings = msgspec.to_builtins(Settings(paths=(str(folder),)))
    del settings["turned"]
    report = tmp_path / "report.json"
    Journal(journal_path(report), scan_name(settings)).close()
    with pytest.raises(ScanConflict, match="--restart"):
        look(folder, report=report)


def test_it_is_told_to_other_machines(folder):
    """What a node of a Ray cluster does with the order that it is sent."""
    order = pickle.loads(pickle.dumps(Order(KNOWN, Limits(), turned=True)))  # noqa: S301  our own
    found = (folder / "mirrored.jpg").stat()
    item = Item(str(folder / "mirrored.jpg"), found.st_size, found.st_mtime_ns)
    (finding,) = _Remote(order).examine(item).findings
    assert finding.matches[0].turned == "mirrored"
