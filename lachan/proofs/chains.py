"""The proved ends of chains of hashes, moved on in the transaction that adds to a chain."""

from django.db import connection

from .models import ChainHead
from .tally import present_prover

_KIND = "chain"
# By hand: each line of the trail does this, and Django would take longer over the words.
_MOVE = "UPDATE proofs_chainhead SET seq = %s, hash = %s, proof = %s WHERE name = %s"


def chain_note(name: str, seq: int, digest: bytes) -> None:
    """The chain stands at line `seq` with this hash from now on."""
    proof = present_prover().prove(_KIND, name, seq, digest)
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, (seq, digest, proof, name))
        if cursor.rowcount == 1:
            return
    ChainHead.objects.create(name=name, seq=seq, hash=digest, proof=proof)


def chain_fault(name: str, seq: int, digest: bytes) -> str:
    """What is wrong with a chain that ends so, by its proved head; empty when nothing is.

    Only a chain without lines has no head: those that stood before there were heads got one (`adopting`).
    """
    head = ChainHead.objects.filter(name=name).first()
    if head is None:
        return "its head is missing" if seq else ""
    if not present_prover().holds(head.proof, _KIND, name, head.seq, bytes(head.hash)):
        return "its head was not written by this instance"
    if (head.seq, bytes(head.hash)) != (seq, digest):
        return "it does not end where its head says"
    return ""


def heads_faults() -> list[str]:
    """What is wrong with heads themselves, whatever their chains hold."""
    tell = present_prover()
    return [
        "a chain's head was not written by this instance"
        for head in ChainHead.objects.all()
        if not tell.holds(head.proof, _KIND, head.name, head.seq, bytes(head.hash))
    ]
