"""Places of Viet Nam since 1 July 2025, found by today's names and by those of before.

34 provinces and 3,321 communes; no districts. An old name may have gone to several places: all of them are
given, each with its reason, and the caller asks. The data and its source stand in data/places.json.
"""

import dataclasses
import json
import re
from collections import defaultdict
from datetime import date
from functools import cache
from importlib.resources import files

from lachan.kernel.clock import now

from .place_names import dictionary_order, has_marks, marked, old_style, plain
from .records import Place, PlaceMatch

MERGER = date(2025, 7, 1)
# Alone, the name is a person's.
_SHOWN = {"Hồ Chí Minh": "TP. Hồ Chí Minh"}

_KINDS = {
    "commune": ("xa", "phuong", "thi tran", "tt", "dac khu", "p", "x"),
    "district": ("huyen", "quan", "thi xa", "tx", "h", "q"),
    "province": ("tinh", "thu do"),
    "city": ("thanh pho", "tp"),
}
_KIND = re.compile(
    "^("
    + "|".join(sorted((k for kinds in _KINDS.values() for k in kinds), key=len, reverse=True))
    + r") (?=\S)"
)
# Names that everybody uses and no list holds.
_ALSO = {"tphcm": "ho chi minh", "sai gon": "ho chi minh", "hcm": "ho chi minh", "hn": "ha noi",
         "thua thien hue": "hue", "vung tau": "ba ria vung tau", "brvt": "ba ria vung tau"}  # fmt: skip
_DISTRICT = re.compile(r"\s*\(([^)]*)\)$")


@dataclasses.dataclass(frozen=True)
class _Entry:
    """A name in the index, and what it leads to."""

    match: PlaceMatch
    marked: str
    district: str


@cache
def _data() -> dict[str, list[list[object]]]:
    # The source mixes two styles of tone marks.
    text = files("lachan.members").joinpath("data/places.json").read_text(encoding="utf-8")
    return json.loads(old_style(text))


@cache
def _places() -> dict[str, Place]:
    found = {}
    for code, name, kind, was in _data()["provinces"]:
        shown = _SHOWN.get(name, name)
        found[code] = Place(code=code, name=shown, kind=kind, province=code, was=tuple(was))
    for code, name, province, was in _data()["communes"]:
        found[code] = Place(code=code, name=name, kind="", province=province, was=tuple(was))
    return found


def place_get(code: str) -> Place | None:
    """The place of a code of today."""
    return _places().get(code)


def province_list(*, on: date | None = None) -> list[Place]:
    """The provinces in order of name: today's 34; for a day before the merger the 63 names of then, each
    with the code of the province that it belongs to now.
    """
    return list(_provinces(is_before=(on or now().date()) < MERGER))


@cache
def _provinces(*, is_before: bool) -> tuple[Place, ...]:
    # Kept: every public form shows them, and sorting 34 Vietnamese names costs as much as the page.
    today = [place for place in _places().values() if len(place.code) == 2]
    if is_before:
        today = [
            dataclasses.replace(place, name=_SHOWN.get(name, name), kind="")
            for place in today
            for name in place.was
        ]
    return tuple(sorted(today, key=lambda place: dictionary_order(place.name)))


def commune_list(province: str) -> list[Place]:
    """The communes of a province, in order of name."""
    found = [p for p in _places().values() if p.province == province and len(p.code) == 5]
    return sorted(found, key=lambda place: dictionary_order(place.name))


@cache
def _index() -> tuple[dict[str, list[_Entry]], dict[str, list[_Entry]]]:
    """Provinces and communes by plain name, without their kind."""
    provinces: dict[str, list[_Entry]] = defaultdict(list)
    communes: dict[str, list[_Entry]] = defaultdict(list)
    for place in _places().values():
        target = provinces if place.code == place.province else communes
        parent = _places()[place.province].name
        same = PlaceMatch(place=place, province_name=parent, reason="same")
        _add(target, place.name, same, "")
        for entry in place.was:
            old = entry.removeprefix("~")
            held = _DISTRICT.search(old)
            name = _DISTRICT.sub("", old)
            if marked(name) == marked(place.name):
                continue  # the place of the same name says it better
            reason = "part" if entry.startswith("~") else "was"
            match = PlaceMatch(place=place, province_name=parent, reason=reason, was=old)
            _add(target, name, match, held[1] if held else "")
    return provinces, communes


def _add(target: dict[str, list[_Entry]], name: str, match: PlaceMatch, district: str) -> None:
    key, full = plain(name), marked(name)
    if kind := _KIND.match(key):
        words = kind[1].count(" ") + 1
        key, full = key[kind.end() :], " ".join(full.split()[words:])
    target[key].append(_Entry(match, full, plain(district)))


def place_find(text: str, *, limit: int = 50) -> list[PlaceMatch]:
    """Every place of today that a text may mean; provinces first, then by name; empty when none.

    "Hoà Bình", "hoa binh", "xã Tân Lập, huyện Chợ Đồn, Bắc Kạn", "Mai Châu Hòa Bình": marks, case and
    the place of a tone do not matter, but marks that are given must fit where some name fits them.
    More than one answer means: ask.
    """
    # A dash stands within names and between them: within is tried first.
    for between in (r"[,;/\n]", r"[,;/\n]|\s[-–]\s"):
        parts = [part for part in re.split(between, text[:200]) if plain(part)]
        if not parts:
            return []
        found = _by_parts(parts) if len(parts) > 1 else _by_one(parts[0])
        if found:
            return found[:limit]
    return []


def _by_one(text: str) -> list[PlaceMatch]:
    found = _named(text, within=None, district="")
    if found:
        return found
    # "Mai Châu Hòa Bình": the end may be a province.
    words = text.split()
    for cut in range(1, len(words)):
        within = _province_codes(" ".join(words[cut:]))
        if within and (found := _named(" ".join(words[:cut]), within=within, district="")):
            return found
    return []


def _by_parts(parts: list[str]) -> list[PlaceMatch]:
    within = _province_codes(parts[-1])
    middle = parts[1:-1] if within else parts[1:]
    district = _strip_kind(plain(middle[0]))[1] if middle else ""
    if found := _named(parts[0], within=within, district=district):
        return found
    if within and middle:  # the first part may be a village: what stands after it is the commune
        return _by_parts(parts[1:])
    return []


def _province_codes(text: str) -> frozenset[str] | None:
    kind, name = _strip_kind(plain(text))
    if kind in {"commune", "district"}:
        return None
    entries = _index()[0].get(_ALSO.get(name, name), [])
    return frozenset(entry.match.place.code for entry in entries) or None


def _strip_kind(name: str) -> tuple[str, str]:
    match = _KIND.match(name)
    if match is None:
        return "", name
    kind = next(kind for kind, words in _KINDS.items() if match[1] in words)
    return kind, name[match.end() :]


def _named(text: str, *, within: frozenset[str] | None, district: str) -> list[PlaceMatch]:
    kind, name = _strip_kind(plain(text))
    provinces, communes = _index()
    found: list[_Entry] = []
    if within is None and kind in {"", "province", "city"}:
        found += provinces.get(name, []) + [
            dataclasses.replace(e, marked="") for e in provinces.get(_ALSO.get(name, ""), [])
        ]
    if kind == "city":  # "thành phố Hòa Bình" was a district of the province of that name
        found = [e for e in found if e.match.place.kind == "Thành phố" and e.match.reason == "same"]
    if kind in {"", "commune"}:
        # "Thị trấn" and "Phường 1": the kind may be a part of what people call the place.
        found += [e for e in communes.get(name, []) if within is None or _in(e, within)]
    if kind in {"district", "city"} and not found:
        found += [_as_district(e) for e in _of_district(name) if within is None or _in(e, within)]
    return _sorted(_narrowed(found, text, kind, district))


def _in(entry: _Entry, within: frozenset[str]) -> bool:
    return entry.match.place.province in within


def _district_name(entry: _Entry) -> str:
    return _strip_kind(entry.district.split(" tinh ")[0])[1]


@cache
def _of_district(name: str) -> list[_Entry]:
    """Communes that had the district's name, or came from it as far as the source says."""
    communes = _index()[1]
    named = communes.get(name, [])
    held = [
        e
        for entries in communes.values()
        for e in entries
        if e.district and _district_name(e) == name
    ]
    return [*named, *held]


def _as_district(entry: _Entry) -> _Entry:
    match = dataclasses.replace(entry.match, reason="district")
    return dataclasses.replace(entry, match=match)


def _narrowed(found: list[_Entry], text: str, kind: str, district: str) -> list[_Entry]:
    """Drop what marks or a district rule out, as long as something is left."""
    if has_marks(text):
        wanted = marked(text)
        exact = [e for e in found if wanted.endswith(e.marked)]
        found = exact or found
    if kind == "commune":
        word = plain(text).split()[0][0]  # "x" and "xã", "p" and "phường" begin alike
        found = [e for e in found if plain(_shown(e))[0] == word] or found
    if district:
        # A commune whose district the source does not name may be the one that is meant: it stays,
        # unless another is named for certain.
        certain = [e for e in found if e.district and _district_name(e) == district]
        found = certain or [e for e in found if not e.district]
    return found


def _shown(entry: _Entry) -> str:
    return entry.match.was or entry.match.place.name


_REASONS = ("same", "was", "part", "district")


def _sorted(found: list[_Entry]) -> list[PlaceMatch]:
    best: dict[str, PlaceMatch] = {}
    for entry in sorted(found, key=lambda e: _REASONS.index(e.match.reason)):
        best.setdefault(entry.match.place.code, entry.match)
    return sorted(
        best.values(),
        key=lambda m: (len(m.place.code), m.province_name, dictionary_order(m.place.name)),
    )
