"""The names that the product knows by itself (`formats/known_names`), as a layer that lies over all others, and what
search engines and video sites are called in their restricted mode.

The layer is a snapshot of this process alone, made when there are profiles to use it: it is in the program, not in a home.
"""

import tempfile
from functools import cache
from pathlib import Path

from lachan.edge.dns.local import name_wire, suffixes
from lachan.edge.dns.policy import SAFE_SEARCH
from lachan.formats.known_names.loading import safe_search_targets, ways_round_list
from lachan.formats.known_names.overlay import overlay_verdicts
from lachan.formats.snapshot.reader import SnapshotReader
from lachan.formats.snapshot.records import Verdict
from lachan.formats.snapshot.writer import SnapshotWriter

SIGNALS = frozenset({"canary", "private-relay"})
"""Kinds of ways round whose names are signals (`is_signal`)."""


@cache
def safe_targets() -> dict[bytes, bytes]:
    """Names, and the names whose servers answer for them in the restricted mode; wire form without root."""
    return {name_wire(name): name_wire(target) for name, target in safe_search_targets().items()}


@cache
def signals() -> frozenset[bytes]:
    """Names that are asked to learn whether a network wants them answered; wire form without root."""
    return frozenset(name_wire(way.name) for way in ways_round_list() if way.kind in SIGNALS)


def is_signal(wire: bytes) -> bool:
    """Whether a name is a signal, or lies below one: blocked, it does not exist, whatever other blocked names get. An
    address, even 0.0.0.0, tells a browser or a phone that it may go on round this server.
    """
    known = signals()
    return any(wire[at:] in known for at in suffixes(wire))


def known_reader() -> SnapshotReader:
    """A layer without names yet (`known_build`)."""
    return SnapshotReader("/nonexistent", watch=lambda: None)


def known_build(reader: SnapshotReader, own_hosts: tuple[str, ...] = ()) -> None:
    """Give the layer its names; `own_hosts` are this instance's own, which are help too.

    Raises:
        OSError: no room for it.
    """
    # Its files may go as soon as they are mapped.
    with tempfile.TemporaryDirectory(prefix="lachan-known-") as folder:
        with SnapshotWriter(Path(folder)) as writer:
            # Put one by one: a rebuild would wait for the compiler.
            for verdict in _merged([*overlay_verdicts(own_hosts), *_safe_search()]):
                writer.put(verdict.kind, verdict.value, verdict)
        reader.pair = SnapshotReader(folder).pair


def _safe_search() -> list[Verdict]:
    """Marks for the compiled path: it leaves these to the plain one where search is restricted."""
    return [
        Verdict(kind="domain", value=name, categories=(SAFE_SEARCH,), action="warn")
        for name in safe_search_targets()
    ]


def _merged(verdicts: list[Verdict]) -> list[Verdict]:
    found: dict[str, Verdict] = {}
    for one in verdicts:
        before = found.get(one.value)
        if before is None:
            found[one.value] = one
        else:
            found[one.value] = Verdict(
                kind=before.kind,
                value=before.value,
                categories=(*before.categories, *one.categories),
                action=before.action,
                source=before.source,
            )
    return list(found.values())
