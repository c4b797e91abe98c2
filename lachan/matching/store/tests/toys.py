"""Two algorithms so simple that their answers are plain to see: bits in a short key, and words by prefix."""

import hashlib
from uuid import UUID

import numpy as np

from lachan.matching.algorithms.algorithm import Algorithm
from lachan.matching.records import Facts, InvalidHash, SegmentCorrupt


class Table:
    """An index that is only the keys, looked through from end to end."""

    def __init__(self, keys):
        self._keys, self.count = keys, len(keys)

    def find(self, key, radius):
        mine = np.frombuffer(key, np.uint8)
        distances = np.bitwise_count(self._keys ^ mine).sum(axis=1).astype(np.int64)
        rows = np.flatnonzero(distances <= radius)
        return rows, distances[rows]

    def find_many(self, keys, radius):
        found = [self.find(key.tobytes(), radius) for key in keys]
        numbers = np.repeat(np.arange(len(keys)), [len(rows) for rows, _ in found])
        return numbers, *(np.concatenate(parts) for parts in zip(*found, strict=True))


class _Toy(Algorithm):
    def index_build(self, keys, path):
        draft = path.with_name(path.name + ".tmp")
        draft.write_bytes(b"TOY1" + keys.tobytes())
        draft.replace(path)

    def index_open(self, path, *, verify=True):
        raw = path.read_bytes()
        if raw[:4] != b"TOY1" or (len(raw) - 4) % self.width:
            raise SegmentCorrupt(f"{path.name} is no toy")
        return Table(np.frombuffer(raw, np.uint8, offset=4).reshape(-1, self.width))


class Bits(_Toy):
    """Four bytes in hexadecimal, near each other by their bits."""

    name, kinds, width, radius = "bits", ("bits",), 4, 3

    def parse(self, text):
        try:
            key = bytes.fromhex(text)
        except ValueError:
            key = b""
        if len(key) != self.width:
            raise InvalidHash("not eight hexadecimal digits")
        return key

    def text(self, key):
        return key.hex()

    def distance(self, one, other):
        return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()

    def distances(self, key, keys):
        return np.bitwise_count(keys ^ np.frombuffer(key, np.uint8)).sum(axis=1).astype(np.int64)

    def groups(self, keys, radius, progress=lambda _: None):
        firsts = np.arange(len(keys))
        for key in keys:
            near = firsts[self.distances(key.tobytes(), keys) <= radius]
            firsts[np.isin(firsts, near)] = near.min()
        progress(len(keys))
        return firsts

    def examples(self):
        return ["00000000", "ffffffff"]


class Words(_Toy):
    """A word, covered by each of its beginnings; keys of one byte, so that they collide all the time."""

    name, kinds, width, reversible = "words", ("word",), 1, False

    def canonical(self, text):
        if not text.startswith("w:"):
            raise InvalidHash("words begin with w:")
        return text.lower()

    def parse(self, text):
        return hashlib.sha256(self.canonical(text).encode()).digest()[:1]

    def queries(self, text):
        whole = self.canonical(text)
        keys = [self.parse(whole[:end]) for end in range(len(whole), 1, -1)]
        return list(dict.fromkeys(keys))

    def confirms(self, asked, value):
        return self.canonical(asked).startswith(value)

    def examples(self):
        return ["w:one", "w:two"]


TOYS = {toy.name: toy for toy in (Bits(), Words())}


def uid(number):
    return UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128))


def facts(number=1, **more):
    return Facts(more.pop("sequence", number), uid(number), **more)
