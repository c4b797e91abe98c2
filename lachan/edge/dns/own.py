"""Answers about the edge itself: where it is reached encrypted (DDR, RFC 9462, with RFC 9461), and that it is it that
answers (`checks`). Before any policy: no rule of anybody's is about these.
"""

import socket
import struct

from lachan.edge.dns import answers
from lachan.edge.dns.asker import Connection
from lachan.edge.dns.checks import Checks
from lachan.edge.dns.local import name_wire
from lachan.edge.dns.names import label_read
from lachan.edge.dns.question import TYPE_A, TYPE_AAAA, TYPE_SVCB, TYPE_TXT, Question, Rcode
from lachan.edge.dns.ways import Ways
from lachan.formats.profiles.door import check_host

TTL = 300
_DESIGNATION = name_wire("_dns.resolver.arpa")
_TO_NAME = b"\xc0\x0c"
_ALPN, _PORT, _IPV4, _IPV6, _DOHPATH = 1, 3, 4, 6, 7
_NOWHERE = {TYPE_A: bytes(4), TYPE_AAAA: bytes(16)}


class OwnAnswers:
    """Attributes: checks: what is waited for, and came."""

    def __init__(self, ways: Ways) -> None:
        self._ways, self._host = ways, ways.names.wire
        self._check = name_wire(check_host(ways.names.host))
        self.checks = Checks()

    def reply(self, question: Question, connection: Connection) -> bytes | None:
        """The reply to a question about this edge; None where it is about something else."""
        if question.wire == _DESIGNATION:
            return self._designated(question, connection.token)
        match _below(question.wire, self._host):
            case [b"_dns"]:
                return self._designated(question, b"")
            case [b"_dns", label] if label_read(label):
                return self._designated(question, label)
        match _below(question.wire, self._check):
            case [nonce]:
                return self._checked(question, nonce, connection)
        return None

    def _designated(self, question: Question, token: bytes) -> bytes:
        """The ways in, for a device's label or for who has none (RFC 9462, sections 4 and 5)."""
        ways, records = self._ways, []
        if question.qtype == TYPE_SVCB:
            prefix = bytes((len(token),)) + token if token else b""
            target = prefix + self._host + b"\0"
            path = b"/dns-query/" + token if token else b"/dns-query"
            if ways.tls:
                params = _params(b"\x03dot", ways.tls_port, 853, ways.tls)
                records.append(_record(1, target, params))
            if ways.https:
                params = _params(b"\x02h2", ways.https_port, 443, ways.https)
                records.append(_record(2, target, params | {_DOHPATH: path + b"{?dns}"}))
        return _answered(question, records)

    def _checked(self, question: Question, nonce: bytes, connection: Connection) -> bytes:
        """Noticed for who waits for it. The addresses lead nowhere: looking it up is all that it is for."""
        self.checks.see(nonce, connection)
        if question.qtype == TYPE_TXT:
            way = connection.transport.encode()
            known = b"known" if connection.token else b"none"
            data = b"".join(
                bytes((len(one),)) + one for one in (b"lachan", b"way=" + way, b"label=" + known)
            )
        elif question.qtype in _NOWHERE:
            data = _NOWHERE[question.qtype]
        else:
            return _answered(question, [])
        return _answered(question, [_TO_NAME + _fixed(question.qtype, 0, data)])


def _below(wire: bytes, host: bytes) -> list[bytes]:
    """The labels of a name before another; none where it does not lie below that."""
    found, at, stop = [], 0, len(wire) - len(host)
    if wire.endswith(host):
        while at < stop:
            found.append(wire[at + 1 : at + 1 + wire[at]])
            at += 1 + wire[at]
    return found if at == stop else []


def _answered(question: Question, records: list[bytes]) -> bytes:
    if records:
        return answers.reply(question, Rcode.NOERROR, answers=(len(records), b"".join(records)))
    return answers.reply(question, Rcode.NOERROR, authority=(1, answers.soa(12, 1, TTL)))


def _fixed(kind: int, ttl: int, data: bytes) -> bytes:
    return struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


def _record(priority: int, target: bytes, params: dict[int, bytes]) -> bytes:
    """An SVCB record (RFC 9460, section 2.2)."""
    data = struct.pack(">H", priority) + target
    for key, value in sorted(params.items()):
        data += struct.pack(">HH", key, len(value)) + value
    return _TO_NAME + _fixed(TYPE_SVCB, TTL, data)


def _params(
    alpn: bytes, port: int, usual: int, listened: tuple[tuple[str, int], ...]
) -> dict[int, bytes]:
    params = {_ALPN: alpn}
    if port != usual:
        params[_PORT] = struct.pack(">H", port)
    for key, family in ((_IPV4, socket.AF_INET), (_IPV6, socket.AF_INET6)):
        hosts = [host for host, _ in listened if (":" in host) == (family == socket.AF_INET6)]
        raw = b"".join(socket.inet_pton(family, host) for host in dict.fromkeys(hosts))
        if raw and any(raw):  # everywhere is nowhere to send anybody
            params[key] = raw
    return params
