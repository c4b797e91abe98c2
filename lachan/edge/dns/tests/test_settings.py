"""What may be set: by flag, by environment, and by the policy file, all with the same meaning."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.edge.dns.policy import BLOCK, PASS, Policy
from lachan.edge.dns.settings import parser_make, policy_overlay, settings_make
from lachan.formats.classification.categories import categories, category_code
from lachan.formats.snapshot.records import Profile, Verdict
from lachan.kernel.env import Env, EnvError
from lachan.kernel.errors import InvalidInput


def by_flag(monkeypatch, tmp_path, name, value):
    monkeypatch.setenv("LACHAN_HOME", str(tmp_path))
    return settings_make(parser_make().parse_args([f"--{name.replace('_', '-')}", value])).policy


def by_env(name, value):
    return settings_make(
        parser_make().parse_args([]), Env({f"LACHAN_DNS_{name.upper()}": value})
    ).policy


def by_file(name, value, base=None):
    return policy_overlay(base or Policy(), json.dumps({name: value}).encode())


def blocks(policy, category):
    return policy.effect(Verdict(kind="domain", value="bad.example", categories=(category,)))


FILTERS = [
    ("gambling,scam", {"contract.gambling", "contract.scam"}),
    (" Gambling ,\tSCAM, ", {"contract.gambling", "contract.scam"}),
    ("betting fraud", {"contract.gambling", "contract.scam"}),
    ("gambling;contract.scam\n", {"contract.gambling", "contract.scam"}),
    ("Contract", {"contract"}),
    ("crosscutting", {"crosscutting"}),
    ("csam", {"content.abuse"}),
    ("", set()),
    ("All", set()),
    ("scam, all", set()),
    (" , ", set()),
]


@pytest.mark.parametrize(("given_", "codes"), FILTERS)
def test_it_takes_the_words_of_import_for_a_filter(monkeypatch, tmp_path, given_, codes):
    ways = [
        by_flag(monkeypatch, tmp_path, "block_categories", given_),
        by_env("block_categories", given_),
        by_file("block_categories", given_.split(",")),
        by_file("block_categories", [given_]),
    ]
    assert [policy.categories for policy in ways] == [frozenset(codes) or None] * 4


@pytest.mark.parametrize("word", ["gamblin", "contract.", "every", "con tract", "*", "cờ bạc", "0"])
def test_a_category_that_nobody_knows_stops_the_start(monkeypatch, tmp_path, word):
    for way in (
        lambda: by_flag(monkeypatch, tmp_path, "block_categories", f"scam,{word}"),
        lambda: by_env("block_categories", f"scam,{word}"),
    ):
        with pytest.raises(EnvError, match=r"LACHAN_DNS_BLOCK_CATEGORIES.*contract\.gambling"):
            way()
    with pytest.raises(InvalidInput, match=r"dns-policy\.json.*contract\.gambling"):
        by_file("block_categories", ["scam", word])


def test_it_names_the_word_and_the_nearest():
    with pytest.raises(EnvError, match="a word of it is no category; the nearest is gambling"):
        by_env("block_categories", "scam,gamblin")  # which word, the environment's owner sees there


@given(st.sampled_from(sorted(categories())), st.sampled_from(sorted(categories())), st.data())
def test_a_filter_blocks_its_codes_and_all_below_them(code, other, data):
    row = categories()[code]
    word = data.draw(st.sampled_from([code, code.upper(), *row.aliases]))
    policy = by_env("block_categories", word)
    under = other == code or other.startswith(f"{code}.")
    assert blocks(policy, other) == (BLOCK if under else PASS)
    # Also what a later version puts below it, and what a snapshot names by an alias.
    assert blocks(policy, f"{code}.of-tomorrow") == BLOCK
    for alias in categories()[other].aliases:
        assert blocks(policy, alias) == (BLOCK if under else PASS)
    assert category_code(word) in policy.categories


def test_no_filter_blocks_all():
    assert blocks(Policy(), "contract.scam") == blocks(Policy(), "of-tomorrow") == BLOCK
    profile = Profile(action="block", categories=(), source="", reason="")
    assert Policy().effect(profile) == BLOCK
    assert Policy(categories=frozenset()).effect(profile) == PASS
    assert by_file(
        "block_categories", [], by_env("block_categories", "scam")
    ) == msgspec.structs.replace(by_env("", ""), categories=None)


@pytest.mark.parametrize(
    ("name", "good", "wrong"),
    [
        ("forward", "home.arpa,192.168.0.0/16", "example.com"),
        ("canaries", "Firefox, iCloud", "chrome"),
        ("canaries", "none", "of"),
        ("forward", "none", "of"),
    ],
)
def test_it_says_what_else_it_does_not_know(name, good, wrong):
    assert getattr(by_env(name, good), name) == getattr(by_file(name, good.split(",")), name)
    with pytest.raises(EnvError, match=f"LACHAN_DNS_{name.upper()}"):
        by_env(name, wrong)
    with pytest.raises(InvalidInput, match=r"dns-policy\.json"):
        by_file(name, [wrong])


def test_it_answers_canaries_unless_told_otherwise():
    assert by_env("", "").canaries == {"firefox", "icloud"}
    assert by_env("canaries", "none").canaries == by_file("canaries", []).canaries == set()


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"{", b"null", b"[]", b'"scam"', b"\xff", b'{"block_categories": "scam"}'),
        *(b'{"block_categories": null, "ede": "no"}', b'{"block_categories": [1]}'),
        *(b'{"block_categorys": ["scam"]}', b'{"canaries": "firefox"}'),
    ],
)
def test_it_refuses_a_file_that_cannot_be_followed(raw):
    with pytest.raises(InvalidInput, match=r"dns-policy\.json: \S"):
        policy_overlay(Policy(), raw)
