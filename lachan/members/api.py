"""What anybody may ask about places."""

from django.http import HttpRequest
from ninja import Query, Router, Schema

from lachan.formats.places.gazetteer import place_find, province_list
from lachan.formats.places.records import Place

from .policy import public

router = Router(tags=["places"])


class PlaceOut(Schema):
    code: str
    name: str
    province: str
    province_name: str
    reason: str
    was: str


class PlacesOut(Schema):
    """More than one item: the text is ambiguous, ask which is meant."""

    ambiguous: bool
    items: list[PlaceOut]


class ProvinceOut(Schema):
    code: str
    name: str
    was: list[str]


@router.get("/places", response=PlacesOut, summary="Find a place by a name of today or of before")
@public
def places(request: HttpRequest, q: str = Query(..., min_length=1, max_length=200)) -> PlacesOut:
    """Provinces and communes of the country. `reason`: `same`, `was` (the old place is
    here now), `part` (a part of it is) or `district`.
    """
    found = place_find(q)
    items = [
        PlaceOut(
            code=match.place.code,
            name=match.place.name,
            province=match.place.province,
            province_name=match.province_name,
            reason=match.reason,
            was=match.was,
        )
        for match in found
    ]
    return PlacesOut(ambiguous=len(items) > 1, items=items)


@router.get("/places/provinces", response=list[ProvinceOut], summary="The provinces")
@public
def provinces(request: HttpRequest) -> list[Place]:
    """Codes and names in order, with the names of before."""
    return province_list()
