import dataclasses
import uuid

from lachan.kernel.events import Event


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddressGone(Event):
    """A message could never arrive: the address is no more. Whoever gave it forgets it.

    Attributes:
        way: by which it was tried.
        address: what the caller of `message_send` calls it.
    """

    way: str
    address: uuid.UUID
