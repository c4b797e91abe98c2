"""Looking into a collection from a process that does not write it."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path

from lachan.matching.algorithms.algorithm import Algorithm
from lachan.matching.store.folder import Folder
from lachan.matching.store.view import View, view_open

_LOOK_SECONDS = 1.0


class Reader:
    """Segments are mapped and so shared by all processes; only what the last logs say is each one's own."""

    def __init__(self, path: Path, algorithms: Mapping[str, Algorithm]) -> None:
        """Open what is in force; see `view_open`."""
        self._folder, self._algorithms = Folder(path), algorithms
        self._looking, self._look_at = threading.Lock(), 0.0
        self._stamp = self._folder.stamp()
        self._view = view_open(self._folder, algorithms)

    def current(self) -> View:
        """What is in force now: two words and the clock, unless something changed.

        Raises:
            NoCollection, SegmentCorrupt, SegmentVersion: it changed, and cannot be used. Rather an error
                than an answer that misses what was put in since.
        """
        view = self._view
        if view.tails[-1].log.quiet() and time.monotonic() < self._look_at:
            return view
        with self._looking:
            return self._look()

    def _look(self) -> View:
        view, stamp = self._view, self._folder.stamp()
        # The log rings; the stamp is for whoever cannot hear it: a restored folder, a log that was swept.
        if stamp != self._stamp or view.superseded():
            self._view = view = view_open(self._folder, self._algorithms, view)
            self._stamp = stamp
        else:
            view.catch_up()
        self._look_at = time.monotonic() + _LOOK_SECONDS
        return view
