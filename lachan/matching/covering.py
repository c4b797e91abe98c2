"""Is exactly this known, or something that covers it? What `/check` asks; nearness plays no part."""

from collections.abc import Iterator

import msgspec

from lachan.formats.observables.lookups import match_key, parents
from lachan.formats.observables.record import Observable
from lachan.formats.sharing import ANYBODY, Viewer
from lachan.matching.algorithms.algorithm import algorithm_of, algorithms
from lachan.matching.collection import Collection
from lachan.matching.records import Hit, InvalidHash


class Covering(msgspec.Struct, frozen=True):
    """Attributes: kind: of the entry's value, as the exchange calls it."""

    kind: str
    hit: Hit


def covering_list(
    collection: Collection, asked: Observable, *, viewer: Viewer = ANYBODY
) -> list[Covering]:
    """Every entry that covers a value and that the viewer may see, the most specific first.

    What covers it is what `formats/observables/lookups` says, as in a snapshot.

    Raises:
        SegmentCorrupt, SegmentVersion: as `Collection.find`.
    """
    places = list(dict.fromkeys(parents(asked)))
    ranks = {place: rank for rank, place in enumerate(places)}
    found = dict[tuple[str, object], tuple[int, Covering]]()
    for name, text in dict.fromkeys(_questions(asked, places)):
        try:
            hits = collection.find(text, viewer=viewer, radius=0, algorithm=name)
        except InvalidHash:
            continue
        for hit in hits:
            for kind in algorithms()[hit.algorithm].kinds:
                if (rank := ranks.get((kind, match_key(kind, hit.value)))) is not None:
                    found[hit.value, hit.facts.indicator] = rank, Covering(kind, hit)
    return [one for _, one in sorted(found.values(), key=_order)]


def _questions(asked: Observable, places: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """(algorithm, text): each algorithm looks for what covers a value among its own kinds by itself."""
    own = algorithm_of(asked.kind)
    if own is not None:
        yield own.name, asked.value
        # As it was written it may say more: a former name, a mark that belongs to it after all.
        yield own.name, asked.raw or asked.value
    first = dict[str, str]()
    for kind, key in places:
        other = algorithm_of(kind)
        if other is not None and other is not own:
            first.setdefault(other.name, f"https://{key}" if kind == "url" else key)
    yield from first.items()


def _order(one: tuple[int, Covering]) -> tuple[int, bool, int]:
    rank, covering = one
    return rank, covering.hit.value.startswith("http://"), covering.hit.facts.sequence
