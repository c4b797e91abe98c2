"""What the family does about what others say: messages' reasons, and addresses that are no more."""

from lachan.kernel.events import handles
from lachan.outbox.events import AddressGone
from lachan.outbox.services import occasion

from .services.subscriptions import is_waited_for, subscription_forget


@occasion
def ask_waits(about: str) -> bool:
    """Whether a message about a request still has a reason; the name rests with each message."""
    return is_waited_for(about)


@handles(AddressGone)
def forget_address(event: AddressGone) -> None:
    subscription_forget(event.address)
