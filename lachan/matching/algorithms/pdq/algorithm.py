"""PDQ: pictures that look the same (Meta, "The TMK+PDQF video-hashing algorithm and the PDQ image-hashing
algorithm", 2019). 256 bits, compared by how many differ.
"""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import numpy as np

from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import InvalidObservable
from lachan.matching.algorithms.algorithm import (
    Algorithm,
    FewKeys,
    Index,
    Keys,
    Numbers,
    plain_digits,
)
from lachan.matching.records import InvalidHash

RADIUS = 31
"""Meta's recommendation: different pictures are hardly ever nearer."""


class Pdq(Algorithm):
    name = "pdq"
    kinds = ("pdq",)
    width: ClassVar[int] = 32
    radius = RADIUS

    def parse(self, text: str) -> bytes:
        if (key := plain_digits(text, self.width)) is not None:
            return key
        try:
            return bytes.fromhex(parse(text, "pdq").value)
        except InvalidObservable as error:
            raise InvalidHash(str(error)) from None

    def text(self, key: bytes) -> str:
        return key.hex()

    def distance(self, one: bytes, other: bytes) -> int:
        return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()

    def distances(self, key: bytes, keys: Keys) -> Numbers:
        different = keys ^ np.frombuffer(key, np.uint8)
        return np.asarray(np.bitwise_count(different).sum(axis=1), np.int64)

    def examples(self) -> list[str]:
        """Of generated patterns."""
        return [
            "f8f8f0cce0f4e84d0e370a22028f67f0b36e2ed596623e1d33e6b39c4e9c9b22",
            "PDQ:D8F8F0CCE0F4A84F0E370A22028F67F0B36E2ED596623E1D33E6339C4E9C9B22",
            "5555555555555555aaaaaaaaaaaaaaaa3333333333333333cccccccccccccccc",
        ]

    def groups(
        self, keys: Keys, radius: int, progress: Callable[[int], object] = lambda _: None
    ) -> Numbers:
        from lachan.matching.algorithms.pdq.clusters import groups
        from lachan.matching.algorithms.pdq.segment import words_of

        return groups(words_of(keys), radius, progress)

    def few(self) -> FewKeys:
        from lachan.matching.algorithms.pdq.few import PdqFew

        return PdqFew()

    def index_build(self, keys: Keys, path: Path) -> None:
        from lachan.matching.algorithms.pdq.segment import PdqSegment, words_of

        PdqSegment.build(words_of(keys), path)

    def index_open(self, path: Path, *, verify: bool = True) -> Index:
        from lachan.matching.algorithms.pdq.segment import PdqSegment

        return PdqSegment.open(path, verify=verify)
