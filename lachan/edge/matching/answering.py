"""A body → what is known of the values in it. No HTTP here, and nothing is kept."""

from collections.abc import Iterator
from uuid import UUID

import msgspec

from lachan.edge.matching.problems import too_many_hits, unreadable
from lachan.formats.sharing import Viewer
from lachan.kernel.errors import InvalidInput
from lachan.matching.algorithms.algorithm import Algorithm, algorithm_of
from lachan.matching.collection import Collection

KINDS = ("pdq", "md5", "sha1", "sha256")
"""Fingerprints alone: of numbers, addresses and accounts there are few enough to try them all, and so to
read whole lists out."""
MOST_VALUES = 10_000
BODY_BYTES = 2_000_000
MOST_HITS = 100_000
STEP = 100
"""Values that are answered at once. A thousand together are hardly quicker, and where one picture is listed
thousands of times, each of them has thousands of hits: seconds in which nobody else is answered."""
_LONGEST = 100


class Question(msgspec.Struct, forbid_unknown_fields=True):
    """Attributes: radius: up to which distance; the usual one where none is said."""

    kind: str
    values: list[str]
    radius: int | None = None


class Known(msgspec.Struct):
    """One entry that one of the values met.

    Attributes:
        index: the value's place in the request.
        distance: 0 equal; bits for `pdq`.
        categories: codes, the leading one first.
        sequence: the ledger's number for the decision.
        confidence: 0 to 100.
    """

    index: int
    distance: int
    categories: tuple[str, ...]
    sequence: int
    indicator: UUID
    confidence: int


class Answer(msgspec.Struct):
    """Attributes: values: how many were asked; unread: places of those that are no value of the kind."""

    values: int
    hits: list[Known]
    unread: list[int]


_decoder = msgspec.json.Decoder(Question)
answer_encode = msgspec.json.Encoder().encode


def question_read(body: bytes) -> Question:
    """Raises:
    Problem: it does not have the documented shape.
    """
    try:
        asked = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise unreadable('send {"kind": "pdq", "values": ["…"], "radius": 31}') from None
    if asked.kind not in KINDS:
        raise unreadable(f"kind is one of {', '.join(KINDS)}")
    if len(asked.values) > MOST_VALUES:
        raise unreadable(f"at most {MOST_VALUES:,} values a call")
    if asked.radius is not None and not 0 <= asked.radius <= _algorithm(asked).radius:
        raise unreadable(f"radius is a whole number from 0 to {_algorithm(asked).radius}")
    return asked


def question_answer(asked: Question, collection: Collection, viewer: Viewer) -> Iterator[Answer]:
    """What the viewer may know, piece by piece: between two pieces others may be answered.

    Raises:
        NoCollection, SegmentCorrupt, SegmentVersion: there is nothing to answer from.
        Problem: the question cannot be answered, or the answer would be larger than any may be.
    """
    algorithm, hits = _algorithm(asked), 0
    for start in range(0, len(asked.values), STEP):
        # What is far too long is no value, and must not be read letter by letter.
        values = [
            value if len(value) < _LONGEST else "" for value in asked.values[start : start + STEP]
        ]
        try:
            found = collection.find_many(
                values, viewer=viewer, radius=asked.radius, algorithm=algorithm.name
            )
        except InvalidInput as error:
            raise unreadable(str(error)) from None
        hits += sum(len(mine) for mine in found if mine)
        if hits > MOST_HITS:
            raise too_many_hits(MOST_HITS)
        yield Answer(
            len(values),
            [
                Known(
                    place, hit.distance, hit.facts.categories, hit.facts.sequence,
                    hit.facts.indicator, hit.facts.confidence,
                )
                for place, mine in enumerate(found, start)
                for hit in mine or ()
            ],
            [place for place, mine in enumerate(found, start) if mine is None],
        )  # fmt: skip


def _algorithm(asked: Question) -> Algorithm:
    found = algorithm_of(asked.kind)
    if found is None:
        raise unreadable("this kind is not matched here")
    return found
