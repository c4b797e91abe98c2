"""The base of every kind of observable; one folder a kind stands in `kinds/`, with what people call it."""

from collections.abc import Mapping
from functools import cached_property
from importlib import resources
from typing import ClassVar, NamedTuple

import msgspec

from lachan.formats.observables.record import InvalidKey


class Example(NamedTuple):
    """What the contract test holds a kind to: `reason` is set where `text` must be refused."""

    text: str
    value: str = ""
    reason: str = ""


class _Words(msgspec.Struct, frozen=True):
    label: dict[str, str]


class Kind:
    """How one kind is recognised, brought into its canonical form, and shown.

    Attributes:
        name: the code that is stored.
        order: the lower guesses first when nobody says the kind.
        code: 1 to 255, of its keys in snapshots. They rest on disks: no kind ever gets another's, or a new one.
        columns: what tables call a column of it, by commas, as `lists.columns` reads names.
        narrow: of several columns that a row fills, the highest counts.
        print_name: for a fingerprint, how tables write its name (a regular expression): a row may fill several.
        misp: MISP's attribute types that mean it, by spaces.
    """

    name: ClassVar[str] = ""
    order: ClassVar[int] = 100
    code: ClassVar[int] = 0
    columns: ClassVar[str] = ""
    narrow: ClassVar[int] = 0
    print_name: ClassVar[str] = ""
    misp: ClassVar[str] = ""

    @cached_property
    def label(self) -> Mapping[str, str]:
        """What people call it, by language: `words.json` beside the kind."""
        folder = resources.files(type(self).__module__.rpartition(".")[0])
        words = msgspec.json.decode(folder.joinpath("words.json").read_bytes(), type=_Words)
        return words.label

    def recognise(self, text: str) -> bool:
        """Whether `text` looks so much like this kind that guessing it is fair. Cheap."""
        raise NotImplementedError

    def canonical(self, text: str) -> str:
        """The canonical form of `text`, already stripped and re-fanged.

        Canonical forms are fixed points: `canonical(canonical(x)) == canonical(x)`.

        Raises:
            InvalidObservable: with a reason code.
        """
        raise NotImplementedError

    def display(self, value: str) -> str:
        """How a person reads a canonical value."""
        return value

    def to_key(self, value: str) -> bytes:
        """A canonical value as the bytes that snapshots compare.

        Raises:
            InvalidKey: it is not of this kind.
        """
        try:
            return value.encode("utf-8")
        except UnicodeEncodeError:
            raise InvalidKey("not valid text") from None

    def from_key(self, key: bytes) -> str:
        """The canonical value again."""
        return key.decode("utf-8")

    def examples(self) -> list[Example]:
        """Good and bad ones, for the contract test and the documentation."""
        raise NotImplementedError
