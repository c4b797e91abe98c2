"""What a request of DNS over HTTPS asks (RFC 8484), and the answers that are no answers of DNS. No sockets here."""

import binascii
from functools import lru_cache

from lachan.edge.dns.http2_frames import Head
from lachan.edge.dns.names import OwnNames, label_read

PATH = b"/dns-query"
MEDIA = b"application/dns-message"
MESSAGE = 65_535
TEXT = b"text/plain; charset=utf-8"
_LONGEST = MESSAGE * 4 // 3 + 100  # of a question in base64
_FROM_URL = bytes.maketrans(b"-_+/", b"+/!!")


class Refused(Exception):
    """A request that is no question of DNS over HTTPS.

    Attributes:
        status: HTTP's.
        words: for whoever looks.
        allow: the methods that are answered, where that is the fault.
    """

    def __init__(self, status: int, words: str, *, allow: bool = False) -> None:
        super().__init__(words)
        self.status, self.words, self.allow = status, f"{words}\n".encode(), allow


def question_of(head: Head, body: bytes | None) -> bytes:
    """The question in wire form. `body`: None where it was too long to be kept.

    Raises:
        Refused: there is none.
    """
    if head.method == b"GET":
        return _from_query(head.path.partition(b"?")[2])
    if head.method != b"POST":
        raise Refused(405, "GET and POST are answered", allow=True)
    if head.kind.partition(b";")[0].strip().lower() != MEDIA:
        raise Refused(415, f"a body of the type {MEDIA.decode()} is wanted")
    if body is None:
        raise Refused(413, "a question has 65,535 bytes at most")
    return body


def _from_query(query: bytes) -> bytes:
    for part in query.split(b"&"):
        if part.startswith(b"dns="):
            if len(part) > _LONGEST:
                raise Refused(414, "a question has 65,535 bytes at most")
            plain = part[4:].replace(b"%3D", b"=").replace(b"%3d", b"=").rstrip(b"=")
            try:
                return binascii.a2b_base64(
                    plain.translate(_FROM_URL) + b"=" * (-len(plain) % 4), strict_mode=True
                )
            except ValueError:
                break
    raise Refused(400, "`dns` holds the question in base64url (RFC 8484)")


@lru_cache(maxsize=512)
def _token_of(path: bytes, host: bytes, names: OwnNames) -> bytes | None:
    if path == PATH:
        return names.token_of(host.partition(b":")[0].decode("ascii", "replace"))
    return label_read(path[len(PATH) + 1 :]) if path.startswith(PATH + b"/") else None


def token_of(head: Head, names: OwnNames) -> bytes:
    """The label of the device that asks: of the path, or of the host's name.

    Raises:
        Refused: nothing is answered there.
    """
    token = _token_of(head.path.partition(b"?")[0][:200], head.host[:200], names)
    if token is None:
        raise Refused(404, f"questions are answered at {PATH.decode()}")
    return token
