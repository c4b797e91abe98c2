"""The house holds: seven checks. Four are import-linter's contracts (pyproject.toml), three stand here."""

import subprocess
import sys
from pathlib import Path

import django.apps
import grimp
import pytest

ROOMS = [
    "cli", "config", "edge", "insight", "cooperation", "cases", "reports", "shield", "matching",
    "indicators", "standards", "knowledge", "members", "web", "outbox", "proofs", "country",
    "formats", "kernel",
]  # fmt: skip
HEIGHT = {room: -index for index, room in enumerate(ROOMS)}
DOORS = {"services", "selectors", "records", "events", "policy"}
# Rooms without Django inside have no floors of their own: all they hold is a door.
OPEN_ROOMS = {"kernel", "formats", "country", "matching", "web", "edge"}


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


def test_it_enters_a_room_only_by_its_doors(graph):
    trespasses = []
    for importer in graph.modules:
        if ".tests" in importer or _room(importer) in {"__main__", "", "config", "cli"}:
            continue
        for imported in graph.find_modules_directly_imported_by(importer):
            parts = imported.split(".")
            if len(parts) < 3 or parts[1] in OPEN_ROOMS | {_room(importer)}:
                continue
            if parts[2] not in DOORS:
                trespasses.append(f"{importer} → {imported}")
    assert not trespasses, "\n".join(sorted(trespasses))


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
