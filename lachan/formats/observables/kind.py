"""The base of every kind of observable; one file a kind stands in `kinds/`."""

from typing import ClassVar, NamedTuple


class Example(NamedTuple):
    """What the contract test holds a kind to: `reason` is set where `text` must be refused."""

    text: str
    value: str = ""
    reason: str = ""


class Kind:
    """How one kind is recognised, brought into its canonical form, and shown.

    Attributes:
        name: the code that is stored.
        order: the lower guesses first when nobody says the kind.
    """

    name: ClassVar[str] = ""
    order: ClassVar[int] = 100

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

    def examples(self) -> list[Example]:
        """Good and bad ones, for the contract test and the documentation."""
        raise NotImplementedError
