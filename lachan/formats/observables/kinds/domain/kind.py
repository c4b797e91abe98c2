"""Domain names, as A-labels (RFC 5890)."""

import re

from lachan.formats.observables.kind import Example, Kind
from lachan.formats.observables.names import DOTS, canonical_name, to_unicode
from lachan.formats.observables.wire import domain_to_wire, wire_to_domain

_LOOKS = re.compile(rf"[^\s/@:]+[{DOTS}][^\s/@:{DOTS}]{{2,}}[{DOTS}]?")


class Domain(Kind):
    name = "domain"
    order = 60
    code = 1
    narrow = 20
    columns = (
        "domain,domains,domain name,host,hosts,hostname,hostnames,host name,fqdn,site,"
        "website,tên miền,trang web,domaine,nom de domaine,nom d hôte,hôte,instance"
    )
    misp = "domain hostname"

    def recognise(self, text: str) -> bool:
        return _LOOKS.fullmatch(text) is not None

    def canonical(self, text: str) -> str:
        return canonical_name(text)

    def display(self, value: str) -> str:
        return to_unicode(value)

    def to_key(self, value: str) -> bytes:
        return domain_to_wire(value)

    def from_key(self, key: bytes) -> str:
        return wire_to_domain(key)

    def examples(self) -> list[Example]:
        return [
            Example("Xau.Example", "xau.example"),
            Example("xau.example.", "xau.example"),
            Example("Ví-Dụ.vn", "xn--v-d-rma6749a.vn"),
            Example("ví-dụ。vn", "xn--v-d-rma6749a.vn"),
            Example("xau．ví-dụ｡vn。", "xau.xn--v-d-rma6749a.vn"),
            Example("xau\u00ad.\u200bexam\u2060ple\u200e", "xau.example"),
            Example("نامه\u200cای.example", "xn--mgba3gch31f060k.example"),
            Example("xn--v-d-rma6749a.vn", "xn--v-d-rma6749a.vn"),
            Example("a_b.pages.dev", "a_b.pages.dev"),
            Example("r3---sn-xyz.example", "r3---sn-xyz.example"),
            Example("com.vn", "com.vn"),
            Example("vn", "vn"),
            Example("xau[.]example", "xau.example"),
            Example("", reason="empty"),
            Example("khongcodau", reason="no-dot"),
            Example("a b.example", reason="bad-characters"),
            Example("-a.example", reason="bad-characters"),
            Example("a..example", reason="bad-host"),
            Example("192.0.2.1", reason="bad-host"),
            Example(f"{'a' * 64}.example", reason="label-too-long"),
            Example(f"{'a.' * 130}example", reason="name-too-long"),
            Example("xn--a.example", reason="bad-host"),
        ]
