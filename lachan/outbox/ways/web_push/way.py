import email.utils
from collections.abc import Mapping
from datetime import timedelta

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

from lachan.kernel.bounds import number_read
from lachan.kernel.clock import now
from lachan.kernel.outgoing import AddressPrivate, Reply, ServerUnreachable, post
from lachan.outbox.ways.way import Came, Parcel, PayloadUnusable, Tried, Way

from .encryption import AUTH_BYTES, MOST_BYTES, encrypt, point
from .subscriptions import subscription_kept, subscription_read, subscription_write
from .vapid import authorization, b64, is_known, key_public, unb64

# RFC 8030, sections 5, 7.3 and 8; what is none of them, as a redirect, may be somebody else's answer.
_SENT, _GONE = {200, 201, 202, 204}, {404, 410}
_REFUSED = {400, 401, 403, 405, 411, 413, 414, 415, 422, 431}
_LONGEST_WAIT = 6 * 3600


class WebPush(Way):
    """To a browser, by the push service that it subscribed with (RFC 8030, 8291, 8292)."""

    name, at_once = "web_push", 8

    def is_on(self) -> bool:
        return True

    def lacks(self) -> str:
        if settings.PUSH_CONTACT:
            return ""
        return "LACHAN_PUSH_CONTACT: without it nothing reaches Apple's devices"

    def address_read(self, text: str) -> str:
        return subscription_write(subscription_read(text))

    def payload_check(self, payload: bytes) -> None:
        if len(payload) > MOST_BYTES:
            raise PayloadUnusable(f"a push message holds {MOST_BYTES:,} bytes at most")

    def server(self, address: str) -> str:
        return subscription_kept(address).origin

    def send(self, parcel: Parcel) -> Tried:
        to = subscription_kept(parcel.address)
        if not is_known(to.key):
            # The secret that it followed from was given up: nobody can sign for it any more.
            return Tried(Came.GONE, "KeyGone")
        headers = {
            "Authorization": authorization(to.origin, public=to.key, contact=settings.PUSH_CONTACT),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(max(0, int(parcel.ttl.total_seconds()))),
            "Urgency": parcel.urgency.value,
            # What is tried again takes the place of what did arrive, as long as the phone has not got it.
            "Topic": b64(parcel.mark),
        }
        body = encrypt(parcel.payload, public=unb64(to.p256dh), auth=unb64(to.auth))
        try:
            reply = post(to.endpoint, headers=headers, body=body, is_trusted=to.is_of_operator)
        except (AddressPrivate, ServerUnreachable) as error:
            return Tried(Came.LATER, type(error).__name__)
        return _came(reply)

    def examples(self) -> list[tuple[str, bytes]]:
        key = b64(point(ec.derive_private_key(1, ec.SECP256R1()).public_key()))
        keys = {"p256dh": key, "auth": b64(bytes(AUTH_BYTES))}
        ends = "https://fcm.googleapis.com/fcm/send/x", "https://web.push.apple.com/x"
        return [
            (
                msgspec.json.encode({"endpoint": end, "keys": keys, "key": key_public()}).decode(),
                b"{}",
            )
            for end in ends
        ]


def _came(reply: Reply) -> Tried:
    code = f"Http{reply.status}"
    if reply.status in _SENT:
        return Tried(Came.SENT)
    if reply.status in _GONE:
        return Tried(Came.GONE, code)
    if reply.status in _REFUSED:
        return Tried(Came.REFUSED, code)
    return Tried(Came.LATER, code, _retry_after(reply.headers))


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """RFC 9110, section 10.2.3: seconds, or a moment."""
    text = headers.get("retry-after", "").strip()
    seconds: float | None = number_read(text, low=0, high=2**31)
    if seconds is None:
        try:
            moment = email.utils.parsedate_to_datetime(text)
            seconds = (moment - now()).total_seconds()
        except (ValueError, TypeError):
            return None
    return timedelta(seconds=min(max(seconds, 0), _LONGEST_WAIT))
