import random
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.kernel.sealing.proofs import PROOF_BYTES, TALLY_BYTES, Held, Prover

OLD, NEW, FOREIGN = "a former secret", "the present secret", "another instance's"
NOTHING = bytes(TALLY_BYTES)
plain = st.one_of(
    st.none(), st.booleans(), st.integers(0, 2**60), st.text(max_size=20), st.binary(max_size=20)
)
facts = st.lists(st.one_of(plain, st.lists(plain, max_size=3)), max_size=4)


@given(facts, facts)
def test_it_holds_for_what_it_proves_and_for_nothing_else(said, other):
    prover = Prover([NEW])
    proof = prover.prove("report", *said)
    assert len(proof) == PROOF_BYTES
    assert prover.holds(proof, "report", *said) is Held.BY_THIS_KEY
    assert not prover.holds(proof, "message", *said)
    assert not Prover([FOREIGN]).holds(proof, "report", *said)
    if repr(said) != repr(other):
        assert not prover.holds(proof, "report", *other)


def test_it_does_not_mistake_one_column_for_two():
    prover = Prover([NEW])
    for one, other in [(["ab", ""], ["a", "b"]), ([b"a"], ["a"]), ([1], [True]), ([None], [""])]:
        assert not prover.holds(prover.prove("row", *one), "row", *other)


@given(st.integers(0, PROOF_BYTES - 1), st.integers(1, 255))
def test_it_is_broken_by_every_changed_byte(place, off):
    prover = Prover([NEW, OLD])
    proof = bytearray(prover.prove("row", 1))
    proof[place] ^= off
    assert prover.holds(bytes(proof), "row", 1) is Held.BROKEN
    for cut in (b"", None, bytes(proof[:-1]), bytes(proof) + b"\0"):
        assert not prover.holds(cut, "row", 1)


def test_it_verifies_under_a_former_secret_and_proves_under_the_present_one():
    before, since = Prover([OLD]).prove("row", 1), Prover([NEW, OLD])
    assert since.holds(before, "row", 1) is Held.BY_A_FORMER_KEY
    assert since.holds(since.prove("row", 1), "row", 1) is Held.BY_THIS_KEY
    assert not Prover([NEW]).holds(before, "row", 1)


def test_it_needs_a_secret():
    for secrets in ([], [""], [NEW, ""]):
        with pytest.raises(ValueError, match="secret"):
            Prover(secrets)


@given(st.lists(st.integers(0, 9), max_size=12), st.randoms())
def test_it_tallies_in_any_order_and_notices_one_too_many_or_too_few(numbers, shuffled):
    prover = Prover([NEW, OLD])
    proofs = [prover.prove("row", number) for number in numbers]
    tally = NOTHING
    for proof in proofs:
        tally = prover.tally_with(tally, proof)
    mixed = list(proofs)
    shuffled.shuffle(mixed)
    again = NOTHING
    for proof in mixed:
        again = prover.tally_with(again, proof)
    assert again == tally
    one = prover.prove("row", 10)
    assert prover.tally_with(tally, one) != tally
    assert prover.tally_without(prover.tally_with(tally, one), one) == tally
    for proof in proofs:
        again = prover.tally_without(again, proof)
    assert again == NOTHING


def test_it_tallies_what_a_former_secret_proved_as_before():
    proofs = [Prover([OLD]).prove("row", n) for n in range(3)]
    before, since = NOTHING, NOTHING
    for proof in random.Random(1).sample(proofs, 3):
        before = Prover([OLD]).tally_with(before, proof)
        since = Prover([NEW, OLD]).tally_with(since, proof)
    assert before == since
    assert Prover([FOREIGN]).tally_with(NOTHING, proofs[0]) != Prover([OLD]).tally_with(
        NOTHING, proofs[0]
    )


def test_it_gives_the_same_bytes_for_ever():
    moment = datetime(2026, 3, 4, 5, 6, 7, 891011, UTC)
    uid = UUID("0195607e-0000-7000-8000-000000000000")
    prover = Prover([NEW])
    proof = prover.prove("row", 1, "đ", b"\xff", None, True, moment, uid, {"b": 1, "a": [2]})
    assert proof.hex() == "0132f2b1335f3aa8451c725450200718acf5a445c7"
    tally = "de7ba438a54e9445d5816bdffb26423a1fdb70f45775c3c72e3c3352f886d7be"
    assert prover.tally_with(NOTHING, proof).hex() == tally


def test_it_knows_its_own_proofs_by_their_key_alone():
    old, foreign = Prover([OLD]).prove("row", 1), Prover([FOREIGN]).prove("row", 1)
    since = Prover([NEW, OLD])
    assert since.knows(since.prove("row", 2))
    assert since.knows(old)
    assert not since.knows(foreign)
    assert not Prover([NEW]).knows(old)
    assert not since.knows(b"")


def test_it_takes_bytes_as_a_database_hands_them_out():
    prover = Prover([NEW])
    proof = prover.prove("row", b"said")
    assert prover.prove("row", memoryview(b"said")) == proof
    assert prover.holds(memoryview(proof), "row", memoryview(b"said"))
    tally = prover.tally_with(memoryview(NOTHING), proof)
    assert prover.tally_without(memoryview(tally), proof) == NOTHING
