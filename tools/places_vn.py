"""Makes the places of lachan/country/vn/places.json anew from the two published files (see its `source`):

    python tools/places_vn.py UNITS.json PREDECESSORS.json > places.json

The head of the file, which says how names are written and compared, stays as it stands there.

The predecessors are free text of the merger resolutions: "Xã A, Phường B (quận C), một phần diện tích tự
nhiên, quy mô dân số của các phường D, E và phần còn lại của Xã F sau khi sắp xếp". Kept are the names, the
district where the text gives it, and a `~` before what came over only in part.
"""

import json
import re
import sys
import unicodedata
from pathlib import Path
from typing import Any

from lachan.formats.places.names import plain

HERE = Path(__file__).parent.parent / "lachan/country/vn/places.json"

_TYPE = r"(?:Xã|Phường|Thị trấn|Thị Trấn|Đặc khu|Huyện|Thành phố|Thôn|Xóm)"
_SPLIT = re.compile(
    rf",(?![^(]*\))|\s+và\s+(?=(?:các |khu vực |{_TYPE}|toàn b|một phần|phần còn|xã|phường|thị trấn))(?![^(]*\))"
)
_NOISE = re.compile(
    r"^(?:và|sắp xếp|toàn b[ộố]|một phần|phần còn l[aạ]i|quy mô dân số|diện tích(?: (?:tự nhiên|TN))?"
    r"|của|các|(?:phường|xã|thị trấn)(?=\s+(?:Phường|Xã|Thị trấn)\b))\s*",
    re.IGNORECASE,
)
_TAIL = re.compile(r"\s*(?:\(phần còn lại.*|\(một phần\)|sau khi s[ắa]p [xX]ếp.*|\.\s.*)$")
_KIND = re.compile(rf"^({_TYPE})\s+", re.IGNORECASE)
# "oa", "oe", "uy" at the end of a syllable, the tone on the second letter; after "q" the u is no vowel.
_NEW_STYLE = re.compile(r"(?<![qQ])([ou])([àáảãạèéẻẽẹỳýỷỹỵ])(?!\w)", re.IGNORECASE)
_PAIRS = {"oa", "oe", "uy"}
_PROVINCE = re.compile(r"^(?:tỉnh|thành phố|thủ đô)\s+", re.IGNORECASE)


def predecessors_parse(text: str) -> list[str]:
    """The old communes in a text: "Phường Minh Khai (quận Hai Bà Trưng)", with "~" before a part."""
    if text.strip() == "giữ nguyên":
        return []
    found: list[str] = []
    kind, partly = "", False
    for piece in _SPLIT.split(text):
        part = " ".join(piece.split())
        lower = part.lower()
        if "một phần" in lower or "phần còn l" in lower:
            partly = True
        elif "toàn b" in lower:
            partly = False
        part = _TAIL.sub("", part)
        while (shorter := _NOISE.sub("", part)) != part:
            part = shorter
        if not part:
            continue
        if match := _KIND.match(part):
            kind = match[1].capitalize()
            part = f"{kind} {part[match.end() :]}"
        elif kind and not re.match("Trường bắn|Khu vực|Xóm", part, re.IGNORECASE):
            part = f"{kind} {part}"
        if (entry := ("~" if partly else "") + part) not in found:
            found.append(entry)
    return found


def provinces_parse(text: str, name: str) -> list[str]:
    """The old provinces in a text, without "tỉnh" and the like."""
    if text.startswith("giữ nguyên"):
        return [name]
    names = re.split(r",| và ", text.split(". ", maxsplit=1)[0])
    return [
        _PROVINCE.sub("", n.strip()).replace("TPHCM", "Hồ Chí Minh") for n in names if n.strip()
    ]


def build(units: list[dict[str, Any]], before: list[dict[str, Any]]) -> dict[str, Any]:
    """The compact file's content."""
    # By code; and by name, since one code differs between the two files.
    was = {row["ma"]: row["truocsapnhap"] for row in before}
    named = {(row["magoc"], plain(row["ten"])): row["truocsapnhap"] for row in before}
    provinces, communes = [], []
    for unit in units:
        kind = _PROVINCE.match(unit["FullName"])
        name = _PROVINCE.sub("", unit["FullName"])
        old = provinces_parse(was[unit["Code"]], name)
        provinces.append([unit["Code"], name, kind[0].strip() if kind else "", old])
        for ward in unit["Wards"]:
            full = ward["FullName"][0].upper() + ward["FullName"][1:]
            text = was.get(ward["Code"]) or named[unit["Code"], plain(full)]
            communes.append([ward["Code"], full, unit["Code"], predecessors_parse(text)])
    return {"provinces": provinces, "communes": communes}


def old_style(text: str) -> str:
    """The tone mark where resolutions and school books write it: "Hoà" becomes "Hòa", "Thuỷ" "Thủy"."""
    return _NEW_STYLE.sub(_moved, unicodedata.normalize("NFC", text))


def _moved(found: re.Match[str]) -> str:
    first, second = found.groups()
    letter, tone = unicodedata.normalize("NFD", second)
    if (first + letter).lower() not in _PAIRS:
        return found[0]
    return unicodedata.normalize("NFC", first + tone) + letter


def written(head: dict[str, Any], rows: dict[str, Any]) -> str:
    """The file's text, one line a place: a change shows as one changed line."""
    parts = [f" {json.dumps(key)}: {json.dumps(head[key], ensure_ascii=False)}" for key in head]
    for key, lines in rows.items():
        body = ",\n".join(
            "  " + json.dumps(line, ensure_ascii=False, separators=(",", ":")) for line in lines
        )
        parts.append(f' "{key}": [\n{body}\n ]')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main(units: str, before: str) -> None:
    texts = (Path(path).read_text(encoding="utf-8") for path in (units, before))
    # Some of the names are decomposed, some not, and two styles of tone marks are mixed.
    rows = build(*(json.loads(old_style(text)) for text in texts))
    head = {k: v for k, v in json.loads(HERE.read_text("utf-8")).items() if k not in rows}
    sys.stdout.write(written(head, rows))


if __name__ == "__main__":
    main(*sys.argv[1:])
