"""A small authoritative server for tests: real sockets, and every bad habit an upstream can have."""

import collections
import contextlib
import socket
import threading
import time

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


def same_port():
    """A UDP and a TCP socket on one free port."""
    for _ in range(50):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(0.1)
        try:
            tcp = socket.create_server(udp.getsockname())
        except OSError:
            udp.close()
            continue
        tcp.settimeout(0.1)
        return udp, tcp
    raise OSError("no port is free for both")


SOA = "ns.test. admin.test. 1 3600 600 86400 60"


class Upstream:
    """Answers by name: see `_answer`. `asked` counts; while `dead` is set, nothing is answered."""

    def __init__(self):
        self.asked = collections.Counter()
        self.seen = []
        self.dead = threading.Event()
        self._stop = threading.Event()
        self.udp, self.tcp = same_port()
        self.port = self.udp.getsockname()[1]
        self._threads = [threading.Thread(target=run) for run in (self._run_udp, self._run_tcp)]
        for thread in self._threads:
            thread.start()

    def close(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self.udp.close()
        self.tcp.close()

    def _run_udp(self):
        while not self._stop.is_set():
            with contextlib.suppress(OSError):
                raw, address = self.udp.recvfrom(4096)
                if not self.dead.is_set():
                    threading.Thread(target=self._one_udp, args=(raw, address)).start()

    def _one_udp(self, raw, address):
        query = dns.message.from_wire(raw)
        self.seen.append((raw, address[1]))
        name = query.question[0].name.to_text().lower()
        self.asked[name] += 1
        if name == "slow.test.":
            time.sleep(0.4)
        if name == "liar.test.":
            for lie in self._lies(query):
                self.udp.sendto(lie, address)
        reply = self._answer(query, udp=True)
        if reply is not None:
            self.udp.sendto(reply, address)

    def _lies(self, query):
        wrong = dns.message.make_response(query)
        wrong.answer.append(
            dns.rrset.from_text(query.question[0].name, 60, "IN", "A", "192.0.2.66")
        )
        wrong.id ^= 1
        yield wrong.to_wire()
        other = dns.message.make_query("other.test", "A", id=query.id)
        false = dns.message.make_response(other)
        false.answer.append(dns.rrset.from_text("liar.test.", 60, "IN", "A", "192.0.2.66"))
        yield false.to_wire()
        yield query.to_wire()
        yield b"\xff" * 11
        yield wrong.to_wire()[:20]

    def _run_tcp(self):
        while not self._stop.is_set():
            with contextlib.suppress(OSError):
                connection, _ = self.tcp.accept()
                with connection:
                    connection.settimeout(1)
                    size = int.from_bytes(connection.recv(2), "big")
                    reply = self._answer(dns.message.from_wire(connection.recv(size)), udp=False)
                    connection.sendall(len(reply).to_bytes(2, "big") + reply)

    def _answer(self, query, *, udp):
        question = query.question[0]
        name = question.name.to_text().lower()
        reply = dns.message.make_response(query, recursion_available=True)
        records = {
            "alias.test.": [("CNAME", 300, "target.bad.test."), ("A", 300, "192.0.2.9")],
            "short.test.": [("A", 1, "192.0.2.8")],
            "big.test.": [("TXT", 300, " ".join([f'"{n:03}{"x" * 90}"' for n in range(30)]))],
        }
        if name in {"gone.test.", "empty.test."}:
            reply.set_rcode(dns.rcode.NXDOMAIN if name == "gone.test." else dns.rcode.NOERROR)
            reply.authority.append(dns.rrset.from_text("test.", 900, "IN", "SOA", SOA))
        elif name == "broken.test.":
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif name == "old.test." and query.edns >= 0:
            reply = dns.message.make_response(
                dns.message.make_query(question.name, question.rdtype)
            )
            reply.id = query.id
            reply.set_rcode(dns.rcode.FORMERR)
        else:
            for kind, ttl, text in records.get(name, [("A", 300, "192.0.2.7")]):
                owner = "target.bad.test." if kind == "A" and name == "alias.test." else name
                reply.answer.append(dns.rrset.from_text(owner, ttl, "IN", kind, text))
        if udp and name == "big.test.":
            reply.answer.clear()
            reply.flags |= dns.flags.TC
        return reply.to_wire(max_size=65535)
