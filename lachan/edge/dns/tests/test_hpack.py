"""HPACK: the vectors of RFC 7541, and blocks that nobody should send."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.edge.dns.hpack import FIELDS, Decoder, HpackFault, huffman_decode, literal

FIRST = [
    (b":method", b"GET"),
    (b":scheme", b"http"),
    (b":path", b"/"),
    (b":authority", b"www.example.com"),
]


@pytest.mark.parametrize(
    "blocks",
    [
        # Appendix C.3: without Huffman's code; C.4: with it.
        [
            "828684410f7777772e6578616d706c652e636f6d",
            "828684be58086e6f2d6361636865",
            "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
        ],
        [
            "828684418cf1e3c2e5f23a6ba0ab90f4ff",
            "828684be5886a8eb10649cbf",
            "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
        ],
    ],
)
def test_it_reads_the_rfcs_requests(blocks):
    decoder = Decoder()
    first, second, third = (decoder.decode(bytes.fromhex(block)) for block in blocks)
    assert first == FIRST
    assert second == [*FIRST, (b"cache-control", b"no-cache")]
    assert third == [
        (b":method", b"GET"), (b":scheme", b"https"), (b":path", b"/index.html"),
        (b":authority", b"www.example.com"), (b"custom-key", b"custom-value"),
    ]  # fmt: skip
    assert decoder.changes == 3


def test_it_evicts_and_resizes():
    """Appendix C.2.1, in a table that holds one field."""
    decoder = Decoder()
    field = bytes.fromhex("400a637573746f6d2d6b65790d637573746f6d2d686561646572")
    assert decoder.decode(b"\x3f\x28" + field) == [(b"custom-key", b"custom-header")]
    assert decoder.decode(b"\xbe") == [(b"custom-key", b"custom-header")]
    decoder.decode(field.replace(b"key", b"abc"))
    with pytest.raises(HpackFault):
        decoder.decode(b"\xbf")
    with pytest.raises(HpackFault):
        decoder.decode(b"\x20\xbe")


@pytest.mark.parametrize(
    "block",
    ["80", "be", "ff", "ffffffffff", "40", "410f77", "4183", "3fe21f1f", "8220", "0f", "00", "c6",
     "00ffffffffffffffff7f", "418cf1e3c2e5f23a6ba0ab90f4", "4181ff", "4184ffffffff", "41813e"],
)  # fmt: skip
def test_it_refuses_what_cannot_be_read(block):
    with pytest.raises(HpackFault):
        Decoder().decode(bytes.fromhex(block))


def test_a_few_bytes_do_not_become_megabytes():
    decoder = Decoder()
    decoder.decode(b"\x40\x01a" + b"\x7f\x81\x1e" + b"x" * 3_968)
    with pytest.raises(HpackFault, match="too many"):
        decoder.decode(b"\xbe" * (FIELDS // 4_000 + 1))


@given(st.binary(max_size=200))
def test_it_refuses_or_reads_whatever_comes(block):
    decoder = Decoder()
    try:
        decoder.decode(block)
    except HpackFault:
        return
    assert decoder._size <= 4_096


@given(st.binary(max_size=40))
def test_a_text_reads_or_is_refused(packed):
    with contextlib.suppress(HpackFault):
        huffman_decode(packed)


@pytest.mark.parametrize(
    ("index", "value"), [(8, b"404"), (31, b"text/plain"), (24, b"max-age=10"), (22, b"")]
)
def test_it_reads_what_it_writes(index, value):
    ((_, read),) = Decoder().decode(literal(index, value))
    assert read == value
