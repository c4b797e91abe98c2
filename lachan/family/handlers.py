"""What the family does about what others say: messages' reasons, and addresses that are no more."""

from lachan.kernel.events import handles
from lachan.outbox.events import AddressGone
from lachan.outbox.services import occasion

from .models import Ask
from .records import Answer
from .services.subscriptions import subscription_forget


@occasion
def ask_waits(about: str) -> bool:
    """Whether a request still has no answer; the name rests with each message."""
    return Ask.objects.filter(uid=about, answer=Answer.WAITING).exists()


@handles(AddressGone)
def forget_address(event: AddressGone) -> None:
    subscription_forget(event.address)
