from datetime import date, timedelta
from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault, warning

# Which names many people use changes from month to month.
_OLD = timedelta(days=90)
_WAY = "lachan guard update FILE (docs/howto/guard.md says where to get one)"


class Guard(Check):
    """What the operator gave the guard is whole, in use, and not out of date."""

    name, order = "guard", 11

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.indicators.records import UnusableList
        from lachan.indicators.selectors import guard_lists, guard_sites, import_exists
        from lachan.kernel.clock import now

        try:
            sites = guard_sites()
        except UnusableList as error:
            return fault(f"the list of well-known sites cannot be used: {error}", _WAY)
        found = guard_lists()
        # MISP's own lists hold digests of kinds that are none here: some entries left out are no reason to act.
        if unused := [
            one.file for one in found if sum(one.refused.values()) > one.taken or one.fault
        ]:
            return warning(
                f"nothing, or little, of these warning lists is in use: {', '.join(unused)}",
                "lachan guard lists says what of them, and why",
            )
        lists = f", {len(found)} warning lists" if found else ""
        if sites is None:
            says = f"no list of well-known sites{lists}"
            return (
                warning(f"lists are imported, but there is {says}", _WAY)
                if import_exists()
                else Finding(says=says)
            )
        says = f"{sites.names:,} well-known names of {sites.dated}{lists}"
        if self._is_old(sites.dated, now().date()):
            return warning(f"{says}: that is long ago", _WAY)
        return Finding(says=says)

    @staticmethod
    def _is_old(dated: date, today: date) -> bool:
        return today - dated > _OLD
