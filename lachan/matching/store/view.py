"""A collection as one manifest and the logs since describe it; readers and the writer look at the same."""

from collections.abc import Mapping

import msgspec

from lachan.matching.algorithms.algorithm import Algorithm
from lachan.matching.records import SegmentCorrupt, SegmentVersion, Stats
from lachan.matching.store import layout as ly
from lachan.matching.store import log as lg
from lachan.matching.store.facts import Label
from lachan.matching.store.folder import Folder, Manifest, SegmentName
from lachan.matching.store.segment import Held, Segment, gone_open
from lachan.matching.store.shelf import Shelf

_TRIES = 50
_label = msgspec.msgpack.Decoder(Label)


class Tail:
    """A log with what it has named so far.

    Attributes:
        shelves: by the number that the log gave the algorithm.
        labels: by the number that the log gave them.
    """

    def __init__(self, log: lg.Log) -> None:
        self.log = log
        self.shelves: list[Shelf] = []
        self.labels: list[Label] = []


class View:
    """Attributes: manifest; shelves, by algorithm; sequence, the last one committed."""

    def __init__(
        self, folder: Folder, algorithms: Mapping[str, Algorithm], manifest: Manifest,
        before: "View | None" = None, *, verify: bool = False,
    ) -> None:  # fmt: skip
        """Open what the manifest names, taking over what `before` has open already.

        Raises:
            SegmentCorrupt, SegmentVersion: a file cannot be used.
            FileNotFoundError: a file has gone: there is a newer manifest.
        """
        self._folder, self._algorithms, self._verify = folder, algorithms, verify
        if before is not None and before.manifest.collection != manifest.collection:
            before = None
        self.manifest: Manifest = manifest
        self._fault: SegmentCorrupt | SegmentVersion | None = None
        self.sequence = manifest.sequence
        self.shelves: dict[str, Shelf] = {}
        for name, shelved in manifest.shelves.items():
            shelf = self.shelf(name, shelved.width)
            for segment in shelved.segments:
                shelf.held.append(self._hold(shelf.algorithm, segment, before))
        self.tails = [self._tail(number) for number in manifest.logs]
        self.tails[-1].log.attend(manifest.generation)
        self.catch_up()

    def shelf(self, name: str, width: int) -> Shelf:
        """The shelf of an algorithm, made where there is none.

        Raises:
            SegmentVersion: this program does not know the algorithm, or not like this.
        """
        if (found := self.shelves.get(name)) is not None:
            return found
        algorithm = self._algorithms.get(name)
        if algorithm is None or algorithm.width != width:
            raise SegmentVersion(
                f"entries of {name!r} are kept here, which this program cannot read"
            )
        made = self.shelves[name] = Shelf(algorithm, [])
        return made

    def catch_up(self) -> None:
        """Take in what was published since.

        Raises:
            SegmentCorrupt: a change was altered.
        """
        if self._fault is not None:
            raise self._fault
        try:
            for tail in self.tails:
                for change in tail.log.changes():
                    self._apply(tail, change)
        except (SegmentCorrupt, SegmentVersion) as error:
            # What came behind was read and not taken in: from here on this view would miss it.
            self._fault = error
            raise

    def stats(self, fault: str) -> Stats:
        """How the collection stands, where the last merge ended with `fault`."""
        return Stats(
            sequence=self.sequence,
            generation=self.manifest.generation,
            algorithms={
                name: shelf.stats(self._folder.size(name))
                for name, shelf in sorted(self.shelves.items())
            },
            fault=fault,
        )

    def superseded(self) -> bool:
        """Whether there is a newer manifest."""
        return self.tails[-1].log.generation != self.manifest.generation

    def extend(self, manifest: Manifest) -> bool:
        """Go on with a manifest that only added logs; False where it did more than that."""
        mine, known = self.manifest, len(self.manifest.logs)
        same = manifest.collection == mine.collection and manifest.generation > mine.generation
        if not same or manifest.shelves != mine.shelves or manifest.logs[:known] != mine.logs:
            return False
        self.tails += [self._tail(number) for number in manifest.logs[known:]]
        self.tails[-1].log.attend(manifest.generation)
        self.manifest = manifest
        self.catch_up()
        return True

    def _tail(self, number: int) -> Tail:
        log = lg.Log(self._folder.log(number), collection=self.manifest.key)
        if log.head.number != number:
            raise SegmentCorrupt(f"{log.name} is another log")
        return Tail(log)

    def _hold(self, algorithm: Algorithm, name: SegmentName, before: "View | None") -> Held:
        segment = before.segment(algorithm.name, name.number) if before else None
        if segment is None:
            segment = Segment(self._folder, self.manifest.key, algorithm, name, verify=self._verify)
        gone = None
        if name.gone:
            path = self._folder.gone(algorithm.name, name)
            gone = gone_open(path, collection=self.manifest.key, number=name.number)
        return Held(segment, name, gone)

    def segment(self, algorithm: str, number: int) -> Segment | None:
        shelf = self.shelves.get(algorithm)
        held = shelf.held if shelf else []
        return next((each.segment for each in held if each.segment.number == number), None)

    def _apply(self, tail: Tail, change: lg.Change) -> None:
        what, number, payload = change
        try:
            if what in (lg.ADD, lg.REPLACE):
                shelf = tail.shelves[number]
                record, rest = payload[: ly.RECORD.size], payload[ly.RECORD.size :]
                key, value = rest[: shelf.algorithm.width], rest[shelf.algorithm.width :]
                label = tail.labels[int.from_bytes(record[ly.LABEL], "little")]
                shelf.add(record, label, key, value.decode(), fresh=what == lg.ADD)
            elif what == lg.REMOVE:
                tail.shelves[number].kill(payload[:16], payload[16:])
            elif what == lg.COMMIT:
                self.sequence = int.from_bytes(payload, "little")
            elif what == lg.LABEL:
                tail.labels.append(_label.decode(payload))
            elif what == lg.ALGORITHM:
                width = int.from_bytes(payload[:2], "little")
                tail.shelves.append(self.shelf(payload[2:].decode(), width))
            else:
                raise SegmentVersion(f"{tail.log.name} holds a change of an unknown kind")
        except (IndexError, ValueError, msgspec.DecodeError):
            raise SegmentCorrupt(f"{tail.log.name} holds a change that makes no sense") from None


def view_open(
    folder: Folder, algorithms: Mapping[str, Algorithm], before: View | None = None,
    *, verify: bool = False,
) -> View:  # fmt: skip
    """What is in force now.

    Raises:
        NoCollection: nothing is here.
        SegmentCorrupt, SegmentVersion: a file cannot be used.
    """
    why = ""
    for _ in range(_TRIES):
        manifest = folder.manifest_read()
        try:
            if before is not None and before.extend(manifest):
                return before
            return View(folder, algorithms, manifest, before, verify=verify)
        except FileNotFoundError as error:
            # The writer has put another manifest in force meanwhile, and swept; if not, a file is lost.
            why = f"{str(error.filename).rpartition('/')[2]} is missing"
            if folder.manifest_read() == manifest:
                break
        except OSError as error:
            raise SegmentCorrupt(f"a file cannot be read: {error.strerror}") from None
        except (SegmentCorrupt, SegmentVersion) as error:
            # The whole folder was replaced meanwhile, and the file was the next one's; if not, it is damaged.
            why = str(error)
            if folder.manifest_read() == manifest:
                raise
    raise SegmentCorrupt(why)
