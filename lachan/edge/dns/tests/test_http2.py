"""HTTP/2 apart from its socket: requests in every shape that a client may give them, and clients that mean harm."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.edge.dns.hpack import literal
from lachan.edge.dns.http2 import PREFACE, STREAMS, Http2, Http2Fault
from lachan.edge.dns.http2_frames import CALM, CANCEL, COMPRESSION, FLOW, PROTOCOL, REFUSED, SIZE

DATA, HEADERS, PRIORITY, RESET, SETTINGS, PUSH, PING, GOAWAY, UPDATE, MORE = range(10)
END, LAST, PADDED, FIRST = 1, 4, 8, 0x20
POST = b"\x83\x87" + literal(4, b"/dns-query") + literal(31, b"application/dns-message")
GET = b"\x82\x87" + literal(4, b"/dns-query?dns=AAAA")


def frame(kind, flags=0, stream=0, body=b""):
    return len(body).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + body


def begun(settings=b""):
    http = Http2()
    assert http.receive(PREFACE + frame(SETTINGS, 0, 0, settings))[1] == []
    http.out.clear()
    return http


def frames(http):
    """What was said since: (kind, flags, stream, body)."""
    raw, found = b"".join(http.out), []
    http.out.clear()
    while raw:
        size = int.from_bytes(raw[:3], "big")
        found.append((raw[3], raw[4], int.from_bytes(raw[5:9], "big"), raw[9 : 9 + size]))
        raw = raw[9 + size :]
    return found


def requests(http, *parts):
    raw = b"".join(parts)
    used, found = http.receive(raw)
    assert used == len(raw)
    return [(one.stream, one.head.method, one.head.path, one.body) for one in found]


SHAPES = [
    [frame(HEADERS, LAST, 1, POST), frame(DATA, END, 1, b"abc")],
    [frame(HEADERS, LAST, 1, POST), frame(DATA, 0, 1, b"a"), frame(DATA, 0, 1), frame(DATA, END, 1, b"bc")],
    [frame(HEADERS, 0, 1, POST[:3]), frame(MORE, 0, 1, POST[3:9]), frame(MORE, LAST, 1, POST[9:]), frame(DATA, END, 1, b"abc")],
    [frame(HEADERS, LAST | PADDED | FIRST, 1, b"\2\0\0\0\0\x10" + POST + b"\0\0"), frame(DATA, END | PADDED, 1, b"\4abc\0\0\0\0")],
    [frame(HEADERS, LAST, 1, POST), frame(DATA, 0, 1, b"abc"), frame(HEADERS, LAST | END, 1, literal(8, b"200"))],
    [frame(HEADERS, LAST, 1, POST + literal(28, b"3")), frame(PING, 0, 0, b"12345678"), frame(0xEE, 1, 1, b"?"), frame(DATA, END, 1, b"abc")],
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_it_reads_a_request_however_it_comes(shape, step):
    http, raw, rest, found = Http2(), PREFACE + frame(SETTINGS) + b"".join(shape), b"", []
    for at in range(0, len(raw), step):
        rest += raw[at : at + step]
        used, came = http.receive(rest)
        rest, found = rest[used:], [*found, *came]
    assert [(one.stream, one.head.method, one.head.path, one.body) for one in found] == [
        (1, b"POST", b"/dns-query", b"abc")
    ]
    assert rest == b""


def test_it_answers_in_a_piece_each_and_in_any_order():
    http = begun()
    came = requests(http, *(frame(HEADERS, LAST | END, stream, GET) for stream in (1, 3, 5)))
    assert [one[0] for one in came] == [1, 3, 5]
    for stream in (5, 1, 3):
        http.respond(stream, b"\x88", b"x" * stream)
    assert len(http.out) == 3
    assert frames(http) == [
        said for stream in (5, 1, 3) for said in ((HEADERS, LAST, stream, b"\x88"), (DATA, END, stream, b"x" * stream))
    ]  # fmt: skip
    assert http.is_idle


def test_it_keeps_to_the_windows_it_is_given():
    http = begun(struct.pack(">HI", 4, 10))
    requests(http, frame(HEADERS, LAST | END, 1, GET), frame(HEADERS, LAST | END, 3, GET))
    http.respond(1, b"\x88", b"a" * 25)
    http.respond(3, b"\x88", b"b" * 5)
    assert frames(http)[1:] == [
        (DATA, 0, 1, b"a" * 10),
        (HEADERS, LAST, 3, b"\x88"),
        (DATA, END, 3, b"b" * 5),
    ]
    requests(http, frame(UPDATE, 0, 1, b"\0\0\0\7"))
    assert frames(http) == [(DATA, 0, 1, b"a" * 7)]
    requests(http, frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 100)))
    assert frames(http) == [(SETTINGS, 1, 0, b""), (DATA, END, 1, b"a" * 8)]
    assert http.is_idle


def test_it_keeps_to_the_whole_connections_window():
    http = begun(struct.pack(">HI", 4, 1 << 20))
    requests(http, *(frame(HEADERS, LAST | END, stream, GET) for stream in (1, 3)))
    for stream in (1, 3):
        http.respond(stream, b"\x88", b"a" * 40_000)
    assert sum(len(said[3]) for said in frames(http) if said[0] == DATA) == 65_535
    requests(http, frame(UPDATE, 0, 0, (20_000).to_bytes(4, "big")))
    assert sum(len(said[3]) for said in frames(http)) == 80_000 - 65_535


def test_a_body_that_is_too_long_is_read_to_its_end_and_told_so():
    http = begun()
    parts = [frame(DATA, 0, 1, b"x" * 16_384) for _ in range(3)] + [
        frame(DATA, 0, 1, b"x" * 16_383)
    ]
    assert requests(http, frame(HEADERS, LAST, 1, POST), *parts) == []
    assert frames(http) == [(UPDATE, 0, 1, (16_383).to_bytes(4, "big"))]
    came = requests(http, frame(DATA, 0, 1, b"x" * 100), frame(DATA, END, 1, b"x"))
    assert came == [(1, b"POST", b"/dns-query", None)]
    requests(http, frame(HEADERS, LAST, 3, POST))
    for _ in range(1_100):
        requests(http, frame(DATA, 0, 3, b"x" * 16_000))
    assert (RESET, 0, 3, CANCEL.to_bytes(4, "big")) in frames(http)


def test_it_grants_what_it_took():
    http = begun()
    for stream in range(1, 100, 2):
        requests(http, frame(HEADERS, LAST, stream, POST), frame(DATA, END, stream, b"x" * 16_000))
        http.respond(stream, b"\x88", b"")
    granted = sum(int.from_bytes(said[3], "big") for said in frames(http) if said[0] == UPDATE)
    assert granted >= 50 * 16_000 - (1 << 19)


@pytest.mark.parametrize(
    "block",
    [b"\x83\x87", POST + literal(28, b"-3"), POST + b"\x83", literal(4, b"/") + b"\x83", b"\x88"],
)
def test_it_resets_what_is_no_request_alone(block):
    http = begun()
    assert requests(http, frame(HEADERS, LAST | END, 1, block)) == []
    assert frames(http) == [(RESET, 0, 1, PROTOCOL.to_bytes(4, "big"))]
    assert len(requests(http, frame(HEADERS, LAST | END, 3, GET))) == 1


def test_it_refuses_more_than_so_many_at_once():
    http = begun()
    came = requests(http, *(frame(HEADERS, LAST | END, 2 * n + 1, GET) for n in range(STREAMS + 5)))
    assert len(came) == STREAMS
    assert [said[3] for said in frames(http)] == [REFUSED.to_bytes(4, "big")] * 5
    http.respond(1, b"\x88", b"a")
    assert len(requests(http, frame(HEADERS, LAST | END, 1_001, GET))) == 1


def test_an_answer_to_what_was_taken_back_is_not_sent():
    http = begun()
    requests(http, frame(HEADERS, LAST | END, 1, GET), frame(RESET, 0, 1, bytes(4)))
    http.respond(1, b"\x88", b"a")
    assert frames(http) == []


ENOUGH = 20_000
HARM = {
    "no preface": (PROTOCOL, b"GET / HTTP/1.1\r\n\r\n" + b"x" * 20),
    "a frame too large": (SIZE, PREFACE + frame(DATA, 0, 1, b"x" * 16_385)),
    "data of nobody": (PROTOCOL, PREFACE + frame(DATA, 0, 1, b"x")),
    "an even number": (PROTOCOL, PREFACE + frame(HEADERS, LAST | END, 2, GET)),
    "a number again": (PROTOCOL, PREFACE + 2 * frame(HEADERS, LAST | END, 1, GET)),
    "pushed by a client": (PROTOCOL, PREFACE + frame(PUSH, LAST, 1, bytes(4))),
    "more of nothing": (PROTOCOL, PREFACE + frame(MORE, LAST, 1, GET)),
    "something between": (PROTOCOL, PREFACE + frame(HEADERS, 0, 1, GET) + frame(PING, 0, 0, bytes(8))),
    "no HPACK": (COMPRESSION, PREFACE + frame(HEADERS, LAST | END, 1, b"\x80")),
    "a window of nothing": (PROTOCOL, PREFACE + frame(UPDATE, 0, 0, bytes(4))),
    "a window too wide": (FLOW, PREFACE + 2 * frame(UPDATE, 0, 0, b"\x7f\xff\xff\xff")),
    "a first window too wide": (FLOW, PREFACE + frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 1 << 31))),
    "half a setting": (SIZE, PREFACE + frame(SETTINGS, 0, 0, b"12345")),
    "half a ping": (SIZE, PREFACE + frame(PING, 0, 0, b"1234")),
    "padding without end": (PROTOCOL, PREFACE + frame(HEADERS, LAST | PADDED, 1, b"\x05abc")),
    "a reset of nobody": (PROTOCOL, PREFACE + frame(RESET, 0, 9, bytes(4))),
    "pings without end": (CALM, PREFACE + frame(PING, 0, 0, bytes(8)) * ENOUGH),
    "settings without end": (CALM, PREFACE + frame(SETTINGS) * ENOUGH),
    "updates without end": (CALM, PREFACE + frame(UPDATE, 0, 0, b"\0\0\0\1") * ENOUGH),
    "what nobody knows without end": (CALM, PREFACE + frame(0xEE) * ENOUGH),
    "fields without end": (CALM, PREFACE + frame(HEADERS, 0, 1, GET) + frame(MORE, 0, 1, b"") * ENOUGH),
    "fields too many": (CALM, PREFACE + frame(HEADERS, 0, 1, GET) + frame(MORE, 0, 1, b"x" * 9_000) * 2),
    "nothing without end": (CALM, PREFACE + frame(HEADERS, LAST, 1, POST) + frame(DATA, 0, 1) * ENOUGH),
    "opened and reset": (CALM, PREFACE + b"".join(frame(HEADERS, LAST | END, n, GET) + frame(RESET, 0, n, bytes(4))
                                                  for n in range(1, ENOUGH, 2))),
}  # fmt: skip


@pytest.mark.parametrize("harm", HARM)
def test_it_ends_with_who_means_harm(harm):
    code, raw = HARM[harm]
    http = Http2()
    with pytest.raises(Http2Fault) as raised:
        http.receive(raw)
    assert raised.value.code == code
    assert frames(http)[-1][0] == GOAWAY
    assert sum(map(len, http.out)) < 100_000


KINDS = st.tuples(
    st.integers(0, 10), st.sampled_from([0, 1, 4, 5, 8, 0x20, 0x2D]), st.integers(0, 6),
    st.one_of(st.binary(max_size=40), st.sampled_from([GET, POST, bytes(4), bytes(8), b"\0\0\0\1"])),
)  # fmt: skip


@given(st.lists(KINDS, max_size=30), st.binary(max_size=30))
def test_it_reads_or_ends_whatever_comes(said, rest):
    http = Http2()
    try:
        _, found = http.receive(PREFACE + b"".join(frame(*one) for one in said) + rest)
    except Http2Fault:
        return
    for request in found:
        http.respond(request.stream, b"\x88", b"answer")
    assert len(http._answering) == 0
