"""Every script and style sheet that pages name, and whose pages they are."""

import re
from pathlib import Path

from tests.compat.scripts import script_faults
from tests.compat.styles import style_faults

_ROOMS = Path("lachan")


def served() -> dict[Path, str]:
    """Every script and style sheet → "public" or "staff": staff's only where none but pages of the desk name it."""
    pages = {path: path.read_text("utf-8") for path in _ROOMS.glob("*/templates/**/*.html")}
    named: dict[str, set[bool]] = {}
    for text in pages.values():
        for name in re.findall(r"""{%\s*static\s+['"]([^'"]+)""", text):
            named.setdefault(name, set()).add('{% extends "web/desk.html" %}' in text)
    found = {}
    for path in sorted(_ROOMS.glob("*/static/**/*")):
        if path.suffix in {".js", ".css"}:
            name = str(path).partition("/static/")[2]
            users = named.get(name) or _importers(path, named)
            found[path] = "staff" if users and all(users) else "public"
    return found


def _importers(path: Path, named: dict[str, set[bool]]) -> set[bool]:
    """For a script that only other scripts name: who names those."""
    users: set[bool] = set()
    for other in path.parent.glob("*.js"):
        if f"./{path.name}" in other.read_text("utf-8"):
            users |= named.get(str(other).partition("/static/")[2], {False})
    return users


def faults(path: Path, audience: str, text: str | None = None) -> list[str]:
    """What this file asks for that the audience's oldest browsers lack; `text` stands for its content."""
    text = path.read_text("utf-8") if text is None else text
    find = script_faults if path.suffix == ".js" else style_faults
    return sorted(set(find(text, audience)))
