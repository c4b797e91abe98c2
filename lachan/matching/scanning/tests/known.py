"""What is known, without a collection: processes of a scan import this module."""

import os
import time
from uuid import UUID

from lachan.matching.algorithms.algorithm import algorithms
from lachan.matching.records import Facts, Hit

FACTS = Facts(7, UUID(int=7), categories=("scam",), source="test")


class KnownValues:
    """(algorithm, value) pairs; a text that names a way to misbehave does so, as a hostile file would."""

    state = "sequence 7"

    def __init__(self, values, marks=(), seconds=0.0):
        self.values, self.marks, self.seconds = set(map(tuple, values)), dict(marks), seconds
        self.algorithms = frozenset(name for name, _ in self.values)

    def find(self, algorithm, text):
        time.sleep(self.seconds)
        mark = self.marks.get(text)
        if mark == "crash":
            os._exit(11)
        if mark == "hang":
            time.sleep(60)
        if mark == "error":
            raise RuntimeError("of a kind that nobody thought of")
        asking = algorithms()[algorithm]
        keys = asking.queries(text)
        found = []
        for name, value in sorted(self.values):
            if name == algorithm:
                distance = min(asking.distance(key, asking.parse(value)) for key in keys)
                if distance <= asking.radius:
                    found.append(Hit(name, text, value, distance, FACTS))
        return found

    def find_many(self, algorithm, texts):
        return [self.find(algorithm, text) for text in texts]
