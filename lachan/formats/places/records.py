import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """A province or commune of today.

    Attributes:
        code: the country's own for it.
        name: a commune's with its kind ("Xã Mai Châu"), a province's without.
        kind: of a province, in the country's words ("Tỉnh", "Thành phố"); else empty.
        province: the province's code; its own for a province.
        was: the names of before.
    """

    code: str
    name: str
    kind: str
    province: str
    was: tuple[str, ...]

    @property
    def is_province(self) -> bool:
        return self.code == self.province


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlaceMatch:
    """One place that a text may mean.

    Attributes:
        place: of today.
        province_name: today's, for telling namesakes apart.
        reason: `same` today's name · `was` the whole of the old place is here now · `part` a part of it is
            · `district` an old district that had this name or held these communes.
        was: the old name that fits, with its district where the source gives it; empty for `same`.
    """

    place: Place
    province_name: str
    reason: str
    was: str = ""
