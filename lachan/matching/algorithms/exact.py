"""What the exact algorithms share: the exchange's own canonical forms, and a table instead of a search."""

import hashlib
from pathlib import Path

from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import InvalidObservable, Observable
from lachan.matching.algorithms.algorithm import Algorithm, Index, Keys
from lachan.matching.records import InvalidHash
from lachan.matching.table.build import table_build

NAMED_WIDTH = 16


class Exact(Algorithm):
    """Equal or not, under one of the exchange's kinds (`formats/observables`)."""

    def observable(self, text: str, kind: str = "") -> Observable:
        """`text` read exactly as the exchange reads what it publishes.

        Raises:
            InvalidHash: it is no value of the kind; of the only one, where none is said.
        """
        try:
            return parse(text, kind or self.kinds[0])
        except InvalidObservable as error:
            raise InvalidHash(str(error)) from None

    def canonical(self, text: str) -> str:
        return self.observable(text).value

    def index_build(self, keys: Keys, path: Path) -> None:
        table_build(keys, path, name=self.name)

    def index_open(self, path: Path, *, verify: bool = True) -> Index:
        from lachan.matching.table.index import TableIndex

        return TableIndex(path, name=self.name, width=self.width, verify=verify)


def named_key(kind: str, value: str) -> bytes:
    """128 bits for a value of any length: BLAKE2b (RFC 7693) of its kind and canonical form.

    Two values may share one: by chance never, by design after some 2**64 trials. `Algorithm.confirms`
    compares the values themselves before anything is called a hit, so even then no answer is wrong.
    """
    digest = hashlib.blake2b(value.encode(), digest_size=NAMED_WIDTH, person=kind.encode())
    return digest.digest()
