"""A school's list of classes, pasted: class, age, networks, number of devices. What is wrong with a line is said by its
number, and costs that line alone.

    class,age,networks,devices
    6A,9-11,10.20.6.0/24 2001:db8:6::/64,30
    7B,12-15,10.20.7.0/24,
"""

import csv
import dataclasses
import enum
import ipaddress
import re
import unicodedata
from collections.abc import Iterator

from . import conf
from .records import Band


class Trouble(enum.StrEnum):
    """Why a line cannot be taken, or what of it cannot; the words stand in labels.py."""

    NO_NAME = "no-name"
    LONG_NAME = "long-name"
    UNKNOWN_AGE = "unknown-age"
    NO_NETWORK = "no-network"
    NO_NUMBER = "no-number"
    MANY_DEVICES = "many-devices"
    MANY_CELLS = "many-cells"
    OPEN_QUOTE = "open-quote"
    CLASS_TWICE = "class-twice"
    NETWORK_TWICE = "network-twice"
    NETWORK_TAKEN = "network-taken"
    NETWORK_UNGRANTED = "network-ungranted"
    MANY_LINES = "many-lines"


class _Odd(Exception):
    def __init__(self, trouble: Trouble, about: str = "") -> None:
        self.trouble, self.about = trouble, about


@dataclasses.dataclass(frozen=True)
class Fault:
    """Attributes: line: counted from 1; about: what of the line it is, or the other line."""

    line: int
    trouble: Trouble
    text: str
    about: str = ""


@dataclasses.dataclass(frozen=True)
class ClassRow:
    line: int
    name: str
    band: Band
    networks: tuple[str, ...] = ()
    devices: int = 0


_COLUMNS = ("name", "age", "networks", "devices")
_HEADS = {
    "class": "name", "name": "name", "lop": "name", "ten": "name", "ten lop": "name", "classe": "name", "nom": "name",
    "age": "age", "ages": "age", "tuoi": "age", "do tuoi": "age",
    "network": "networks", "networks": "networks", "vlan": "networks", "vlans": "networks", "mang": "networks",
    "reseau": "networks", "reseaux": "networks", "prefix": "networks", "prefixes": "networks",
    "device": "devices", "devices": "devices", "so may": "devices", "may": "devices", "so thiet bi": "devices",
    "appareils": "devices", "nombre d'appareils": "devices", "number of devices": "devices",
}  # fmt: skip
_AGES = re.compile(
    r"(\d{1,2})(?: ?(?:[-–—]|to|and|den|va|a|et) ?(\d{1,2}))?(?: ?(?:tuoi|ans|years?(?: old)?))?"
)
_UNDER = re.compile(r"(?:under[ -]|duoi |moins de |< ?)9(?: ?(?:tuoi|ans))?")


def class_list_read(text: str) -> tuple[list[ClassRow], list[Fault]]:
    """Rows and faults, each in the order of the lines."""
    rows: list[ClassRow] = []
    faults: list[Fault] = []
    columns = _COLUMNS
    lines = text.replace("\ufeff", "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    mark, seen, nets, is_first = _separator(lines), dict[str, int](), dict[str, int](), True
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if number > conf.MOST["class lines"]:
            faults.append(Fault(number, Trouble.MANY_LINES, line, str(conf.MOST["class lines"])))
            break
        cells = _cells(line, mark)
        if is_first and (head := _head(cells)):
            columns, is_first = head, False
            continue
        try:
            row = _row(number, cells, columns)
            _twice_check(row, seen, nets)
        except _Odd as odd:
            faults.append(Fault(number, odd.trouble, line, odd.about))
        else:
            rows.append(row)
            seen[class_key(row.name)] = number
            nets |= dict.fromkeys(row.networks, number)
        is_first = False
    return rows, faults


def class_key(name: str) -> str:
    """By which two names are of one class: blanks, capitals and how letters are composed make no other."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def networks_read(text: str) -> Iterator[str]:
    """Canonical networks, host bits left out, of what stands between blanks, commas and the like.

    Raises:
        ValueError: the first that is none; it is the message.
    """
    for one in re.split(r"[\s,;|+]+", text.strip()):
        if one:
            try:
                yield str(ipaddress.ip_network(one, strict=False))
            except ValueError:
                raise ValueError(one) from None


def _separator(lines: list[str]) -> str:
    first = next((one for one in lines if one.strip() and not one.lstrip().startswith("#")), "")
    return max("\t;,", key=first.count) if any(map(first.count, "\t;,")) else ","


def _cells(line: str, mark: str) -> list[str] | None:
    """None where a quotation mark is not closed."""
    try:
        return [one.strip() for one in next(csv.reader([line], delimiter=mark, strict=True))]
    except csv.Error:
        return None


def _plain(text: str) -> str:
    """Without capitals and marks: what heads and ages are known by."""
    bare = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())


def _head(cells: list[str] | None) -> tuple[str, ...] | None:
    named = [_HEADS.get(_plain(one), "") for one in cells or []]
    return tuple(named) if "name" in named and "age" in named else None


def _row(number: int, cells: list[str] | None, columns: tuple[str, ...]) -> ClassRow:
    if cells is None:
        raise _Odd(Trouble.OPEN_QUOTE)
    if any(cells[len(columns) :]):
        raise _Odd(Trouble.MANY_CELLS, str(len(columns)))
    held = dict.fromkeys(_COLUMNS, "") | dict(zip(columns, cells, strict=False))
    name = " ".join(unicodedata.normalize("NFC", held["name"]).split())
    if not name:
        raise _Odd(Trouble.NO_NAME)
    if len(name) > conf.LONGEST["nickname"]:
        raise _Odd(Trouble.LONG_NAME, str(conf.LONGEST["nickname"]))
    band = band_read(held["age"])
    if band is None:
        raise _Odd(Trouble.UNKNOWN_AGE, held["age"])
    try:
        networks = tuple(dict.fromkeys(networks_read(held["networks"])))
    except ValueError as error:
        raise _Odd(Trouble.NO_NETWORK, str(error)) from None
    return ClassRow(number, name, band, networks, _number(held["devices"], len(networks)))


def _number(text: str, networks: int) -> int:
    if text and not (text.isascii() and text.isdigit()):
        raise _Odd(Trouble.NO_NUMBER, text)
    most = conf.MOST["class devices"] - networks
    if len(text) > 6 or int(text or 0) > most:
        raise _Odd(Trouble.MANY_DEVICES, str(max(0, most)))
    return int(text or 0)


def _twice_check(row: ClassRow, seen: dict[str, int], nets: dict[str, int]) -> None:
    if before := seen.get(class_key(row.name)):
        raise _Odd(Trouble.CLASS_TWICE, str(before))
    if found := next((one for one in row.networks if one in nets), ""):
        raise _Odd(Trouble.NETWORK_TWICE, f"{found} ({nets[found]})")


def band_read(text: str) -> Band | None:
    """Of a band as pages name it, or of an age or span of ages that lies in one; None where it is none."""
    plain = _plain(text)
    if _UNDER.fullmatch(plain):
        return Band.UNDER_9
    found = _AGES.fullmatch(plain)
    if found is None:
        return None
    ages = [int(one) for one in found.groups() if one]
    bands = {_band_of(age) for age in ages}
    return bands.pop() if len(bands) == 1 else None


def _band_of(age: int) -> Band | None:
    if not 3 <= age <= 19:
        return None
    steps = ((9, Band.UNDER_9), (12, Band.FROM_9), (16, Band.FROM_12))
    return next((band for limit, band in steps if age < limit), Band.FROM_16)
