"""An undocumented setting, error or command fails: what a person meets can be looked up."""

import importlib
import pkgutil
import re
from pathlib import Path

import lachan
from lachan.config.environment import env
from lachan.kernel.env import NAMES, settings_unknown
from lachan.kernel.errors import LachanError

HOWTO = Path("docs/howto")


def _import_all():
    for module in pkgutil.walk_packages(lachan.__path__, "lachan."):
        if ".tests" not in module.name and "__main__" not in module.name:
            importlib.import_module(module.name)


def _subclasses(cls):
    for sub in cls.__subclasses__():
        yield sub
        yield from _subclasses(sub)


def test_it_documents_every_setting():
    text = (HOWTO / "settings.md").read_text()
    assert env.asked <= NAMES
    assert [name for name in sorted(NAMES) if f"`{name}`" not in text] == []


def test_it_knows_every_setting_by_its_name():
    """What stands nowhere in `NAMES` would be taken for a slip of the pen."""
    sources = [p for p in Path("lachan").rglob("*.py") if "tests" not in p.parts]
    found = {name for p in sources for name in re.findall(r'"(LACHAN_[A-Z_]+)"', p.read_text())}
    assert settings_unknown(dict.fromkeys(found, "")) == []


def test_it_documents_every_error_code():
    _import_all()
    text = (HOWTO / "errors.md").read_text()
    codes = {e.code for e in _subclasses(LachanError) if e.__module__.startswith("lachan.")}
    assert [code for code in sorted(codes) if f"`{code}`" not in text] == []


def test_it_says_on_the_map_where_every_room_is():
    text = Path("docs/map.md").read_text()
    rooms = [p.name for p in Path("lachan").iterdir() if p.is_dir() and p.name != "__pycache__"]
    assert [room for room in rooms if f"`lachan/{room}/" not in text] == []


def test_it_finds_what_the_glossary_names():
    text = Path("docs/glossary.md").read_text()
    places = set(re.findall(r"`([a-z_]+/[\w/]*(?:\.py)?)`", text)) - {"lachan/"}
    assert len(places) > 50
    assert [place for place in sorted(places) if not Path("lachan", place).exists()] == []
