import numpy as np
import pytest

from lachan.matching.algorithms import exact
from lachan.matching.algorithms.address.algorithm import Address
from lachan.matching.algorithms.exact import NAMED_WIDTH

address = Address()


def covers(tmp_path, listed, asked):
    """Which of the `listed` values cover the one `asked`, the nearest first: as a store finds them."""
    keys = np.frombuffer(b"".join(address.parse(text) for text in listed), np.uint8)
    address.index_build(keys.reshape(-1, NAMED_WIDTH), tmp_path / "index")
    index = address.index_open(tmp_path / "index")
    found = [row for key in address.queries(asked) for row in index.find(key, 0)[0]]
    return [listed[row] for row in found if address.confirms(asked, address.canonical(listed[row]))]


LISTED = [
    "xau.example",
    "http://toi.example/",
    "https://tot.example/nguoi/xau/",
    "http://tot.example/trang?so=1",
    "http://trang.tot.example:8080/",
    "nha.tot.example",
]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("XAU.example.", ["xau.example"]),
        ("a.b.xau.example", ["xau.example"]),
        ("https://a.xau.example/bat/ky?x=1", ["xau.example"]),
        ("kxau.example", []),
        ("xau.example.test", []),
        ("https://toi.example/gi/cung/duoc", ["http://toi.example/"]),
        ("toi.example", []),
        ("http://tot.example/nguoi/xau/anh", ["https://tot.example/nguoi/xau/"]),
        ("http://tot.example/nguoi/x%61u/anh", ["https://tot.example/nguoi/xau/"]),
        ("http://tot.example/nguoi/tot", []),
        ("http://tot.example/trang?so=1#day", ["http://tot.example/trang?so=1"]),
        ("http://tot.example/trang?so=2", []),
        ("http://trang.tot.example:8080/a", ["http://trang.tot.example:8080/"]),
        ("http://trang.tot.example/a", []),
        ("https://nha.tot.example/nguoi/xau/1", ["https://tot.example/nguoi/xau/", "nha.tot.example"]),
    ],
)  # fmt: skip
def test_it_finds_what_covers_an_address(tmp_path, asked, found):
    assert covers(tmp_path, LISTED, asked) == found


def test_it_gives_the_nearest_first(tmp_path):
    listed = ["example", "xau.example", "http://xau.example/", "http://xau.example/a/b"]
    assert covers(tmp_path, listed, "https://xau.example/a/b") == listed[::-1]


def test_it_never_takes_a_collision_for_a_hit(tmp_path, monkeypatch):
    """Even where every value had the same key, only what truly covers would be found."""
    monkeypatch.setattr(exact.hashlib, "blake2b", _constant)
    assert address.parse("xau.example") == address.parse("tot.example")
    assert covers(tmp_path, ["xau.example"], "tot.example") == []
    assert set(covers(tmp_path, ["xau.example"], "a.xau.example")) == {"xau.example"}


def _constant(*_args, **_options):
    class Digest:
        def digest(self):
            return bytes(NAMED_WIDTH)

    return Digest()


def test_it_leaves_addresses_without_a_name_to_others():
    assert address.elsewhere("http://192.0.2.1:8080/a") == [("ipv4", "192.0.2.1")]
    assert address.elsewhere("https://t.me/nguoila/7") == [("account", "telegram:nguoila")]
    assert address.elsewhere("http://xau.example/a") == []
