"""Writes: a class's page for the wall. Whoever has its token sees what holds now, and nobody's name."""

import hashlib
import secrets
import uuid

from django.db import transaction

from lachan.family.entry import cookie_read, cookie_write
from lachan.family.models import Board, Child
from lachan.family.policy import Action
from lachan.family.records import BoardWords, Change
from lachan.family.words import words_seal
from lachan.kernel.sealing.errors import LockHeld
from lachan.kernel.sealing.locks import lock_with, unlock_with
from lachan.members.records import Actor
from lachan.outbox.services import durable
from lachan.proofs.services import row_holds

from .acting import acting_adult, history_add, own_child
from .children import called

_SECRET_BYTES = 48


def board_make(*, by: Actor, key: str, child: uuid.UUID, named: bool) -> str:
    """A page under a fresh token, which is given back; what stood under an earlier one is over.

    Args:
        named: it says what the class is called.
    """
    secret = secrets.token_bytes(_SECRET_BYTES)
    token, uid = cookie_write(secret), uuid.uuid4()
    with durable(), transaction.atomic():
        adult = acting_adult(by, Action.CLASS_TEACH)
        row = own_child(by, Action.CLASS_TEACH, child)
        Board.objects.filter(child=row).delete()
        label = called(row, key)
        Board.objects.create(
            uid=uid,
            child=row,
            mark=_mark(secret),
            locked=lock_with(label if named else "", secret=secret),
            sealed=words_seal(
                BoardWords(token=token), "family board", uid, to=[adult.household.public]
            ),
        )
        history_add(adult.household, Change.BOARD_MADE, adult=adult.number, about=label)
    return token


def board_end(*, by: Actor, key: str, child: uuid.UUID) -> None:
    with durable(), transaction.atomic():
        adult = acting_adult(by, Action.CLASS_TEACH)
        row = own_child(by, Action.CLASS_TEACH, child)
        Board.objects.filter(child=row).delete()
        history_add(adult.household, Change.BOARD_ENDED, adult=adult.number, about=called(row, key))


def board_find(token: str) -> tuple[Child, str] | None:
    """The class of a page, and what the page calls it; None where the token opens none."""
    secret = cookie_read(token)
    rows = Board.objects.select_related("child__household").filter(mark=_mark(secret))
    board = rows.first() if secret else None
    if board is None or not all(map(row_holds, (board, board.child, board.child.household))):
        return None
    try:
        return board.child, unlock_with(board.locked, secret=secret)
    except LockHeld:
        return None


def _mark(secret: bytes) -> bytes:
    return hashlib.sha256(b"lachan family board " + secret[:16]).digest()[:16]
