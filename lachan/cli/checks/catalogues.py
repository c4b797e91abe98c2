from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault


class Catalogues(Check):
    """The texts of the product are compiled."""

    name, order, needs = "catalogues", 3, ("home",)

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.config.catalogues import SOURCES, ensure_compiled

        compiled = ensure_compiled()
        wanted = sorted(folder.name for folder in SOURCES.iterdir() if folder.is_dir())
        bad = [name for name in wanted if not self._reads(compiled, name)]
        if bad:
            return fault(f"unreadable: {', '.join(bad)}", f"rm -r {compiled}; lachan messages")
        return Finding(says=", ".join(wanted))

    @staticmethod
    def _reads(folder: Path, language: str) -> bool:
        import gettext

        try:
            with (folder / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
                return gettext.GNUTranslations(file).info() is not None
        except (OSError, ValueError, UnicodeDecodeError):
            return False
