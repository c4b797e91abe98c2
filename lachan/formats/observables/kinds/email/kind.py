"""E-mail addresses (RFC 5321, 6531), for matching."""

import re
import unicodedata

from lachan.formats.observables.kind import Example, Kind
from lachan.formats.observables.names import canonical_name, to_unicode
from lachan.formats.observables.record import InvalidObservable

_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")


class Email(Kind):
    name = "email"
    order = 20
    code = 5
    narrow = 40
    columns = (
        "email,e mail,mail,email address,email src,email dst,e mail address,thư điện tử,courriel"
    )
    misp = (
        "email email-src email-dst email-reply-to target-email whois-registrant-email dns-soa-email"
    )

    def recognise(self, text: str) -> bool:
        return text.count("@") == 1 and "/" not in text and not text.startswith("@")

    def canonical(self, text: str) -> str:
        """Lower case throughout: strictly the local part is its host's to read, in practice no host
        tells case apart, and a list that did would be walked around by writing a capital.
        """
        text = text[7:] if text[:7].lower() == "mailto:" else text
        local, at, host = text.rpartition("@")
        if not at or not _LOCAL.fullmatch(local):
            raise InvalidObservable("bad-characters")
        local = unicodedata.normalize("NFC", local.lower())
        if len(local.encode()) > 64:  # RFC 5321, section 4.5.3.1.1
            raise InvalidObservable("bad-length")
        return f"{local}@{canonical_name(host)}"

    def display(self, value: str) -> str:
        local, _, host = value.rpartition("@")
        return f"{local}@{to_unicode(host)}"

    def examples(self) -> list[Example]:
        return [
            Example("Nguoi.La@Xau.Example", "nguoi.la@xau.example"),
            Example("mailto:la@xau.example", "la@xau.example"),
            Example("la[at]xau[dot]example", "la@xau.example"),
            Example("la@ví-dụ.vn", "la@xn--v-d-rma6749a.vn"),
            Example("hai..cham@xau.example", reason="bad-characters"),
            Example("la@", reason="empty"),
            Example(f"{'a' * 65}@xau.example", reason="bad-length"),
        ]
