from collections.abc import Iterator
from pathlib import Path
from stat import S_IWOTH

from lachan.cli.check import Check, Finding, Tell, fault


class CountryData(Check):
    """The data of the country that is served is whole: places, numbers, deadlines."""

    name, order, needs = "country", 3, ("home", "settings")

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.country.checking import country_faults
        from lachan.country.deadlines import calendar_of
        from lachan.country.help_lines import help_line_list
        from lachan.formats.places.gazetteer import commune_list, province_list
        from lachan.kernel.country import here

        country = here()
        if faults := country_faults(country):
            return fault(
                f"what the country {country.code} brings cannot be used: {'; '.join(faults)}",
                "docs/howto/country.md says what each file holds",
            )
        if loose := [path.name for path in _files(country.folder) if path.stat().st_mode & S_IWOTH]:
            return fault(
                f"any user of this machine may change the numbers that children are told: {', '.join(loose)}",
                f"chmod -R o-w {country.folder}",
            )
        provinces = province_list()
        communes = sum(len(commune_list(place.code)) for place in provinces)
        numbers = len(help_line_list())
        if not numbers:
            return fault(
                f"the country {country.code} has no number to call",
                "put those that hold today into its help_lines.json (docs/howto/country.md)",
            )
        says = f"{country.code}: {len(provinces)} provinces, {communes:,} communes, {numbers} numbers to call"
        return Finding(says=f"{says}, holidays known until {calendar_of(country).known_until}")


def _files(folder: Path) -> Iterator[Path]:
    yield folder
    yield from sorted(folder.glob("*.json"))
