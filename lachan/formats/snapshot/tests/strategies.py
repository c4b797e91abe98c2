"""Invented values of every kind, few enough that operations meet."""

from hypothesis import strategies as st

from lachan.formats.snapshot.records import Verdict

LABELS = ["a", "bb", "playground", "x" * 63]
domains = st.lists(st.sampled_from(LABELS), min_size=1, max_size=3).map(
    lambda labels: ".".join([*labels, "test"])
)
values = st.one_of(
    st.tuples(st.just("domain"), domains),
    st.tuples(st.just("url"), domains.map(lambda name: f"https://{name}/đường")),
    st.tuples(st.just("ipv4"), st.integers(0, 3).map(lambda n: f"192.0.2.{n}")),
    st.tuples(st.just("ipv6"), st.integers(1, 4).map(lambda n: f"2001:db8::{n}")),
    st.tuples(st.just("phone"), st.sampled_from(["+84000000001", "+84000000002"])),
    st.tuples(st.just("account"), st.sampled_from(["service:one", "service:two"])),
    st.tuples(st.just("md5"), st.sampled_from(["00" * 16, "ab" * 16])),
    st.tuples(st.just("pdq"), st.sampled_from(["00" * 32, "cd" * 32])),
)
details = st.fixed_dictionaries(
    {
        "categories": st.lists(st.sampled_from(["scam", "gambling"]), max_size=2).map(tuple),
        "action": st.sampled_from(["block", "warn", "allow"]),
        "source": st.sampled_from(["", "desk"]),
        "sequence": st.integers(0, 2**32 - 1),
        "reason": st.sampled_from(["", "Trang giả mạo"]),
        "indicator": st.sampled_from(["", "IND-7", "01890000-0000-7000-8000-000000000001"]),
        "valid_until": st.sampled_from([None, 1, 4_000_000_000]),
        "exact": st.booleans(),
    }
)


def verdict(kind, value, **detail):
    return Verdict(kind=kind, value=value, **detail)


verdicts = st.builds(lambda pair, detail: verdict(*pair, **detail), values, details)
