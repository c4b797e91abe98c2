"""The places of a country, found by today's names and by those of before.

Provinces and the communes in them. An old name may have gone to several places: all of them are given, each with
its reason, and the caller asks. What the data says stands in lachan/country/README.md.
"""

import dataclasses
import re
from collections import defaultdict
from datetime import date
from functools import cached_property, lru_cache
from typing import Any

from lachan.formats.places.names import Spelling, plain
from lachan.formats.places.records import Place, PlaceMatch
from lachan.kernel.country import Country, here, today

_LEVELS = ("commune", "district", "province", "city")
_DISTRICT = re.compile(r"\s*\(([^)]*)\)$")
_REASONS = ("same", "was", "part", "district")
_LONGEST = 200


@dataclasses.dataclass(frozen=True)
class _Entry:
    """A name in the index, and what it leads to."""

    match: PlaceMatch
    marked: str
    district: str


_Index = dict[str, list[_Entry]]


class Gazetteer:
    """One country's places.

    Raises:
        KeyError, TypeError, ValueError: the data is none.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        """`data`: what a country's `places.json` holds."""
        self.valid_from = date.fromisoformat(data["valid_from"])
        self.spelling = Spelling.read(data.get("spelling", {}))
        self._shown: dict[str, str] = data.get("shown", {})
        # Names that everybody uses and no list holds.
        self._also: dict[str, str] = data.get("also", {})
        self._kinds: dict[str, tuple[str, ...]] = {
            level: tuple(data["kinds"].get(level, ())) for level in _LEVELS
        }
        words = sorted((w for kind in self._kinds.values() for w in kind), key=len, reverse=True)
        self._kind = re.compile(rf"^({'|'.join(map(re.escape, words)) or '(?!)'}) (?=\S)")
        self._places: dict[str, Place] = {}
        for code, name, kind, was in data["provinces"]:
            shown = self._shown.get(name, name)
            self._add(Place(code=code, name=shown, kind=kind, province=code, was=tuple(was)))
        for code, name, province, was in data["communes"]:
            if not self._places[province].is_province:
                raise ValueError(f"{code} is in {province}, which is no province")
            self._add(Place(code=code, name=name, kind="", province=province, was=tuple(was)))

    def _add(self, place: Place) -> None:
        if place.code in self._places:
            raise ValueError(f"two places have the code {place.code}")
        self._places[place.code] = place

    def get(self, code: str) -> Place | None:
        """The place of a code of today."""
        return self._places.get(code)

    def provinces(self, on: date) -> list[Place]:
        """The provinces in order of name: today's; for a day before they were drawn the names of then, each
        with the code of the province that it belongs to now.
        """
        return list(self._before if on < self.valid_from else self._today)

    # Kept: every public form shows them, and sorting 34 Vietnamese names costs as much as the page.
    @cached_property
    def _today(self) -> tuple[Place, ...]:
        return self._sorted(place for place in self._places.values() if place.is_province)

    @cached_property
    def _before(self) -> tuple[Place, ...]:
        return self._sorted(
            dataclasses.replace(place, name=self._shown.get(name, name), kind="")
            for place in self._today
            for name in place.was
        )

    def communes(self, province: str) -> list[Place]:
        """The communes of a province, in order of name."""
        found = (p for p in self._places.values() if p.province == province and not p.is_province)
        return list(self._sorted(found))

    def _sorted(self, places: Any) -> tuple[Place, ...]:
        return tuple(sorted(places, key=lambda place: self.spelling.order(place.name)))

    @cached_property
    def _index(self) -> tuple[_Index, _Index]:
        """Provinces and communes by plain name, without their kind."""
        provinces: _Index = defaultdict(list)
        communes: _Index = defaultdict(list)
        for place in self._places.values():
            target = provinces if place.is_province else communes
            parent = self._places[place.province].name
            same = PlaceMatch(place=place, province_name=parent, reason="same")
            self._index_add(target, place.name, same, "")
            for entry in place.was:
                old = entry.removeprefix("~")
                held = _DISTRICT.search(old)
                name = _DISTRICT.sub("", old)
                if self.spelling.marked(name) == self.spelling.marked(place.name):
                    continue  # the place of the same name says it better
                reason = "part" if entry.startswith("~") else "was"
                match = PlaceMatch(place=place, province_name=parent, reason=reason, was=old)
                self._index_add(target, name, match, held[1] if held else "")
        return provinces, communes

    def _index_add(self, target: _Index, name: str, match: PlaceMatch, district: str) -> None:
        key, full = plain(name), self.spelling.marked(name)
        if kind := self._kind.match(key):
            words = kind[1].count(" ") + 1
            key, full = key[kind.end() :], " ".join(full.split()[words:])
        target[key].append(_Entry(match, full, plain(district)))

    def find(self, text: str, *, limit: int = 50) -> list[PlaceMatch]:
        """Every place of today that a text may mean; provinces first, then by name; empty when none.

        "Hoà Bình", "hoa binh", "xã Tân Lập, huyện Chợ Đồn, Bắc Kạn", "Mai Châu Hòa Bình": marks, case and
        the place of a tone do not matter, but marks that are given must fit where some name fits them.
        More than one answer means: ask.
        """
        # A dash stands within names and between them: within is tried first.
        for between in (r"[,;/\n]", r"[,;/\n]|\s[-–]\s"):
            parts = [part for part in re.split(between, text[:_LONGEST]) if plain(part)]
            if not parts:
                return []
            found = self._by_parts(parts) if len(parts) > 1 else self._by_one(parts[0])
            if found:
                return found[:limit]
        return []

    def _by_one(self, text: str) -> list[PlaceMatch]:
        found = self._named(text, within=None, district="")
        if found:
            return found
        # "Mai Châu Hòa Bình": the end may be a province.
        words = text.split()
        for cut in range(1, len(words)):
            within = self._province_codes(" ".join(words[cut:]))
            if within and (found := self._named(" ".join(words[:cut]), within=within, district="")):
                return found
        return []

    def _by_parts(self, parts: list[str]) -> list[PlaceMatch]:
        within = self._province_codes(parts[-1])
        middle = parts[1:-1] if within else parts[1:]
        district = self._strip_kind(plain(middle[0]))[1] if middle else ""
        if found := self._named(parts[0], within=within, district=district):
            return found
        if (
            within and middle
        ):  # the first part may be a village: what stands after it is the commune
            return self._by_parts(parts[1:])
        return []

    def _province_codes(self, text: str) -> frozenset[str] | None:
        kind, name = self._strip_kind(plain(text))
        if kind in {"commune", "district"}:
            return None
        entries = self._index[0].get(self._also.get(name, name), [])
        return frozenset(entry.match.place.code for entry in entries) or None

    def _strip_kind(self, name: str) -> tuple[str, str]:
        match = self._kind.match(name)
        if match is None:
            return "", name
        kind = next(kind for kind, words in self._kinds.items() if match[1] in words)
        return kind, name[match.end() :]

    def _named(
        self, text: str, *, within: frozenset[str] | None, district: str
    ) -> list[PlaceMatch]:
        kind, name = self._strip_kind(plain(text))
        provinces, communes = self._index
        found: list[_Entry] = []
        if within is None and kind in {"", "province", "city"}:
            found += provinces.get(name, []) + [
                dataclasses.replace(e, marked="")
                for e in provinces.get(self._also.get(name, ""), [])
            ]
        if kind == "city":  # "thành phố Hòa Bình" was a district of the province of that name
            found = [e for e in found if self._is_city(e) and e.match.reason == "same"]
        if kind in {"", "commune"}:
            # "Thị trấn" and "Phường 1": the kind may be a part of what people call the place.
            found += [e for e in communes.get(name, []) if within is None or _in(e, within)]
        if kind in {"district", "city"} and not found:
            held = self._of_district(name)
            found += [_as_district(e) for e in held if within is None or _in(e, within)]
        return self._best(self._narrowed(found, text, kind, district))

    def _is_city(self, entry: _Entry) -> bool:
        return plain(entry.match.place.kind) in self._kinds["city"]

    def _district_name(self, entry: _Entry) -> str:
        name = entry.district
        for word in self._kinds["province"]:
            name = name.split(f" {word} ")[0]
        return self._strip_kind(name)[1]

    def _of_district(self, name: str) -> list[_Entry]:
        """Communes that had the district's name, or came from it as far as the source says."""
        return [*self._index[1].get(name, []), *self._districts.get(name, [])]

    @cached_property
    def _districts(self) -> _Index:
        found: _Index = defaultdict(list)
        for entries in self._index[1].values():
            for entry in entries:
                if entry.district:
                    found[self._district_name(entry)].append(entry)
        return found

    def _narrowed(self, found: list[_Entry], text: str, kind: str, district: str) -> list[_Entry]:
        """Drop what marks or a district rule out, as long as something is left."""
        if self.spelling.has_marks(text):
            wanted = self.spelling.marked(text)
            exact = [e for e in found if wanted.endswith(e.marked)]
            found = exact or found
        if kind == "commune":
            word = plain(text).split()[0][0]  # "x" and "xã", "p" and "phường" begin alike
            found = [e for e in found if plain(_name(e))[0] == word] or found
        if district:
            # A commune whose district the source does not name may be the one that is meant: it stays,
            # unless another is named for certain.
            certain = [e for e in found if e.district and self._district_name(e) == district]
            found = certain or [e for e in found if not e.district]
        return found

    def _best(self, found: list[_Entry]) -> list[PlaceMatch]:
        best: dict[str, PlaceMatch] = {}
        for entry in sorted(found, key=lambda e: _REASONS.index(e.match.reason)):
            best.setdefault(entry.match.place.code, entry.match)
        return sorted(
            best.values(),
            key=lambda m: (
                not m.place.is_province, m.province_name, self.spelling.order(m.place.name),
            ),
        )  # fmt: skip


def _in(entry: _Entry, within: frozenset[str]) -> bool:
    return entry.match.place.province in within


def _as_district(entry: _Entry) -> _Entry:
    match = dataclasses.replace(entry.match, reason="district")
    return dataclasses.replace(entry, match=match)


def _name(entry: _Entry) -> str:
    return entry.match.was or entry.match.place.name


@lru_cache(maxsize=4)
def gazetteer_of(country: Country) -> Gazetteer:
    return Gazetteer(country.read("places"))


def place_get(code: str) -> Place | None:
    """The place of a code of today, in the country that this instance serves."""
    return gazetteer_of(here()).get(code)


def place_find(text: str, *, limit: int = 50) -> list[PlaceMatch]:
    """As `Gazetteer.find`, in the country that this instance serves."""
    return gazetteer_of(here()).find(text, limit=limit)


def province_list(*, on: date | None = None) -> list[Place]:
    """As `Gazetteer.provinces`, in the country that this instance serves; today's unless a day is named."""
    return gazetteer_of(here()).provinces(on or today())


def commune_list(province: str) -> list[Place]:
    """As `Gazetteer.communes`, in the country that this instance serves."""
    return gazetteer_of(here()).communes(province)
