"""The house holds. What may import what on which floor is in import-linter's contracts (pyproject.toml); here stands the rest."""

import subprocess
import sys
from pathlib import Path

import django.apps
import grimp
import pytest

ROOMS = [
    "cli", "config", "edge", "insight", "cooperation", "cases", "reports", "family", "shield", "sightings",
    "indicators", "standards", "knowledge", "members", "web", "outbox", "proofs", "matching",
    "country", "formats", "kernel",
]  # fmt: skip
HEIGHT = {room: -index for index, room in enumerate(ROOMS)}
# A room's doors; a folder is one with all that is in it.
DOORS = {"services", "selectors", "records", "events", "policy"}
# What else other rooms enter: a room without a database has no services.
MORE_DOORS = {
    # What pages are made of, and where rooms say what the whole shows of them.
    "web": {
        "fields", "givenback", "logs", "menu", "pages", "panels", "problems", "refused", "sent", "shapes",
        "data_texts", "start_cards", "status", "views",
    },
    "matching": {
        "algorithms.algorithm", "algorithms.pdq.transform", "between", "collection", "covering",
    },
    "formats": {"lists.forms.csv"},
}  # fmt: skip
# What the command line alone enters: what it starts, sets, and does without a database.
COMMAND_DOORS = {
    "config": {"backups", "catalogues", "environment", "prepare", "restored", "schema"},
    "family": {"follower"},
    "edge": {
        "dns.__main__", "dns.settings", "dns.status", "dns.ways", "matching.__main__", "matching.settings", "metrics.__main__",
    },
    "matching": {"algorithms.pdq.chance", "filling", "groups", "scanning", "values", "warm"},
    "members": {"audit_actions"},
    "outbox": {"sockets", "worker"},
    "shield": {"advice", "follower"},
    "sightings": {"follower", "shards"},
    "web": {"maintenance"},
    "cli": {"main"},
}  # fmt: skip
# Pure, without anything of their own to guard: their files, and those of their folders; what is found by
# `discover()` lies deeper, and is nobody's to name.
LIBRARIES = {"country", "formats", "kernel"}


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph("lachan")


def test_it_keeps_the_contracts():
    code = "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())"
    linter = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert linter.returncode == 0, linter.stdout[-4000:] + linter.stderr[-2000:]
    assert " 0 broken" in linter.stdout


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def _entered(graph):
    """(importer, room, the rest of the module's name) wherever one room reaches into another."""
    for importer in graph.modules:
        if ".tests" in importer:
            continue
        for imported in graph.find_modules_directly_imported_by(importer):
            _, room, module = [*imported.split(".", 2), "", ""][:3]
            if module and room != _room(importer):
                yield importer, room, module


def _opens(door: str, module: str) -> bool:
    return f"{module}.".startswith(f"{door}.")


def _doors(importer: str, room: str) -> set[str]:
    from_outside = COMMAND_DOORS if _room(importer) in {"cli", "__main__"} else {}
    return DOORS | MORE_DOORS.get(room, set()) | from_outside.get(room, set())


def test_it_enters_a_room_only_by_its_doors(graph):
    trespasses = {
        f"{importer} → {room}.{module}"
        for importer, room, module in _entered(graph)
        if not any(_opens(door, module) for door in _doors(importer, room))
        and not (room in LIBRARIES and module.count(".") < 2)
    }
    assert not trespasses, "\n".join(sorted(trespasses))


def test_it_keeps_no_door_that_nobody_uses(graph):
    entered = list(_entered(graph))
    doors = [
        (room, door)
        for table in (MORE_DOORS, COMMAND_DOORS)
        for room in table
        for door in table[room]
    ]
    idle = [
        f"{room}.{door}"
        for room, door in doors
        if not any(room == other and _opens(door, module) for _, other, module in entered)
    ]
    assert not idle


def test_it_keeps_init_files_empty(graph):
    full = [p for p in Path("lachan").rglob("__init__.py") if p.read_text().strip()]
    assert not full


def test_its_foreign_keys_point_down():
    wrong = []
    for model in django.apps.apps.get_models():
        room = model.__module__.split(".")
        if room[0] != "lachan":
            continue
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None)
            if field.auto_created or target is None or not target.__module__.startswith("lachan."):
                continue
            # A greater height is a higher room: a key from below would have to know it.
            if HEIGHT[target.__module__.split(".")[1]] > HEIGHT[room[1]]:
                wrong.append(str(field))
    assert not wrong
