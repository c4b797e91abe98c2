"""A collection of toys as the disk would hold it if its process ended: ten values, of which it knows some."""

import contextlib

from lachan.formats.sharing import KEEPER
from lachan.matching.collection import Collection
from lachan.matching.records import MatchingError
from lachan.matching.store.tests.toys import TOYS

VALUES = [f"{number * 0x01010101:08x}" for number in range(1, 11)]
# What it knows where the log's last two changes are lost, and where they are not (see conftest.folder).
SYNCED = VALUES[:2] + VALUES[3:6]
ALL = VALUES[:2] + VALUES[3:8]


def create(folder):
    return Collection.create(folder, algorithms=TOYS)


def read(folder):
    return Collection.open(folder, algorithms=TOYS)


def write(folder):
    return Collection.open(folder, write=True, algorithms=TOYS)


def known(collection):
    """Which of VALUES it knows."""
    return [v for v in VALUES if collection.find(v, viewer=KEEPER, radius=0)]


def the_log(folder):
    return max(folder.glob("log-*"))


def outcome(open_, folder):
    """What a collection knows, or the error that it gives."""
    try:
        with contextlib.closing(open_(folder)) as lists:
            return known(lists)
    except MatchingError as error:
        return type(error)
