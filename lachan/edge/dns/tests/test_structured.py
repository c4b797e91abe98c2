"""Why a name is blocked, for programs."""

import json

import dns.edns
import dns.message
import pytest

from lachan.edge.dns import answers
from lachan.edge.dns.policy import FAMILY, Policy
from lachan.edge.dns.question import question_parse
from lachan.formats.snapshot.records import Verdict

WANTED = dns.edns.GenericOption(15, b"\0\0")
APPEAL = "https://shield.test/dispute/"


def told(policy, *categories, name="a.bad.test", options=(WANTED,), **more):
    """(code, text) of the reply's error."""
    query = dns.message.make_query(name, "A", use_edns=0, options=list(options))
    question = question_parse(query.to_wire())
    verdict = Verdict(kind="domain", value="bad.test", categories=categories, **more)
    raw = answers.blocked(question, policy, verdict, 14, 1)
    assert len(raw) <= question.room
    (error,) = dns.message.from_wire(raw).options
    return int(error.code), error.text


def test_it_tells_a_program_that_asks_where_to_turn_to_and_why():
    code, text = told(Policy(appeal=APPEAL), "contract.scam")
    assert code == 15
    assert json.loads(text) == {
        "c": [APPEAL], "j": "contract.scam", "s": 6, "o": "Lá Chắn", "l": "en",
    }  # fmt: skip
    assert " :" not in text


@pytest.mark.parametrize(
    ("policy", "category", "kind"),
    [
        (Policy(), "malware", 1),
        (Policy(), "contract.phishing", 2),
        (Policy(ede=17), "contract.phishing", 2),
        (Policy(ede=17), "contract.gambling", None),
        (Policy(ede=16), "contract.phishing", None),
    ],
)
def test_it_tells_a_kind_that_programs_know_where_there_is_one(policy, category, kind):
    assert json.loads(told(policy, category)[1]).get("s") == kind


def test_it_tells_a_family_s_rule_and_its_end():
    policy = Policy(ede=17, appeal="at the office")
    text = told(policy, "bedtime", source=FAMILY, valid_until=1_800_000_000)[1]
    assert json.loads(text)["j"] == "bedtime; until 2027-01-15T08:00Z"
    assert "c" not in json.loads(told(policy, "contract.scam")[1])


@pytest.mark.parametrize(
    "options",
    [(), (dns.edns.GenericOption(15, b"\0\1"),), (dns.edns.GenericOption(15, b"\0\0x"),)],
)
def test_who_does_not_ask_for_it_gets_plain_words(options):
    assert told(Policy(), "contract.scam", options=options) == (15, "contract.scam")


def test_it_tells_plain_words_where_an_object_has_no_room():
    name = ".".join(["a" * 60] * 4)
    policy = Policy(appeal="https://shield.test/" + "x" * 80)
    query = dns.message.make_query(name, "A", use_edns=0, payload=512, options=[WANTED])
    question = question_parse(query.to_wire())
    words = ("service:" + "x" * 120,)
    verdict = Verdict(kind="domain", value="a" * 60, categories=words, source=FAMILY)
    raw = answers.blocked(question, policy, verdict, 12 + 3 * 61, 1)
    (error,) = dns.message.from_wire(raw).options
    assert error.text == words[0]
