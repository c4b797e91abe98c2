"""The texts of the product: `lachan/locale/<language>/<room>.po`, one file a room, compiled together.

gettext's own compiler is a system package; Babel does it here, at set-up and whenever a source is newer.
"""

import hashlib
from pathlib import Path

from lachan.kernel.files import draft_path
from lachan.kernel.home import home_path

SOURCES = Path(__file__).parent.parent / "locale"


def _stamp() -> str:
    names = sorted(SOURCES.glob("*/*.po"))
    facts = "".join(
        f"{p.parent.name}/{p.name}:{p.stat().st_mtime_ns}:{p.stat().st_size};" for p in names
    )
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def ensure_compiled() -> Path:
    """The folder of compiled catalogues for the present sources, made when it is missing.

    It stands under LACHAN_HOME, since an installed package may be read-only, and is named by what it was
    made from, so that processes of two versions never read each other's.
    """
    folder = home_path() / "run" / f"locale-{_stamp()}"
    if not folder.exists():
        # Written aside and renamed: another process never sees half of it.
        aside = draft_path(folder)
        _compile_all(aside)
        try:
            aside.rename(folder)
        except OSError:
            if not folder.exists():
                raise
            import shutil

            shutil.rmtree(aside)
    return folder


def _compile_all(folder: Path) -> None:
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for language in sorted(p.name for p in SOURCES.iterdir() if p.is_dir()):
        merged = Catalog(locale=language)
        for path in sorted((SOURCES / language).glob("*.po")):
            with path.open("rb") as file:
                for message in read_po(file, locale=language):
                    if message.id and message.string:
                        merged.add(message.id, message.string, context=message.context)
        target = folder / language / "LC_MESSAGES"
        target.mkdir(parents=True)
        with (target / "django.mo").open("wb") as file:
            write_mo(file, merged)
