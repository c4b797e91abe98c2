"""Reads: what a household sees of itself, and a child of its own, opened with their keys."""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

from lachan.formats.profiles.encoding import override_read, rules_read
from lachan.formats.profiles.rules import Override
from lachan.kernel.clock import now
from lachan.kernel.errors import NotFound
from lachan.members.policy import policy_check
from lachan.members.records import Actor, ActorKind
from lachan.proofs.services import row_holds

from . import conf
from .models import Adult, AdultSession, Ask, Board, Child, Code, Device, HistoryLine, Household
from .policy import Action
from .records import (
    AdultShown,
    AdultWords,
    Answer,
    AnswerWords,
    AskKind,
    AskShown,
    AskWords,
    Band,
    BoardWords,
    ChildShown,
    ChildWords,
    DeviceShown,
    DeviceWords,
    HistoryShown,
    HistoryWords,
    NameShown,
    NameWords,
    SessionShown,
    SubscriptionShown,
    WayKind,
)
from .teaching import classes_read, manages, narrowed, teacher_of
from .words import words_open


def adult_list(*, by: Actor, key: str) -> list[AdultShown]:
    """Everybody who may open the household, in the order in which they came."""
    policy_check(by, Action.HOUSEHOLD_READ, household_id=by.household_id)
    rows = Adult.objects.filter(household_id=by.household_id)
    rows = rows.select_related("household", "teacher")
    return [_adult(row, key, by) for row in rows.order_by("number") if row_holds(row)]


def _adult(row: Adult, key: str, by: Actor) -> AdultShown:
    words = words_open(row.sealed, AdultWords, "family adult", row.uid, key=key)
    name = words.name if words else ""
    return AdultShown(
        uid=row.uid,
        number=row.number,
        name=name,
        is_me=row.pk == by.member_id,
        manages=manages(row),
        classes=classes_read(teacher_of(row)),
    )


def session_list(*, by: Actor, key: str, session: uuid.UUID) -> list[SessionShown]:
    """Browsers in which an adult of the household is signed in, this one first."""
    policy_check(by, Action.HOUSEHOLD_READ, household_id=by.household_id)
    rows = AdultSession.objects.select_related("adult").filter(
        adult__household_id=by.household_id, used_hour__gte=now() - conf.SESSION_FOR
    )
    if by.kind is ActorKind.TEACHER:
        rows = rows.filter(adult_id=by.member_id)
    found = [
        SessionShown(
            uid=row.uid,
            adult=row.adult.number,
            device=getattr(
                words_open(row.sealed, DeviceWords, "family session", row.adult.uid, key=key),
                "name",
                "",
            ),
            since=row.made_hour,
            is_this=row.uid == session,
        )
        for row in rows.order_by("made_hour", "id")
    ]
    return sorted(found, key=lambda one: not one.is_this)


def code_stand(*, by: Actor) -> tuple[bool, bool]:
    """Whether one's own code was written down; and whether the household has a printed one besides."""
    policy_check(by, Action.HOUSEHOLD_READ, household_id=by.household_id)
    codes = Code.objects.filter(household_id=by.household_id)
    mine = codes.filter(adult_id=by.member_id, is_kept=True).exists()
    return mine, codes.filter(adult=None).exists()


def history_list(*, by: Actor, key: str) -> list[HistoryShown]:
    """What was changed and by whom, the newest first."""
    policy_check(by, Action.HOUSEHOLD_MANAGE, household_id=by.household_id)
    household = Household.objects.get(pk=by.household_id)
    names = {one.number: one.name or f"#{one.number}" for one in adult_list(by=by, key=key)}
    found = []
    for row in household.history.order_by("-number")[: conf.HISTORY_SHOWN]:
        words = _history(row, household, key)
        if words is not None:
            found.append(
                HistoryShown(
                    who=names.get(words.adult, f"#{words.adult}" if words.adult else ""),
                    what=words.what,
                    about=words.about,
                    at=_moment(words.at),
                )
            )
    return found


def _history(row: HistoryLine, household: Household, key: str) -> HistoryWords | None:
    row.household = household
    place = ("family history", household.uid, row.number)
    return words_open(row.sealed, HistoryWords, *place, key=key) if row_holds(row) else None


def child_list(*, by: Actor, key: str) -> list[ChildShown]:
    """The household's children, without their names and devices."""
    policy_check(by, Action.HOUSEHOLD_READ, household_id=by.household_id)
    rows = narrowed(by, Child.objects.filter(household_id=by.household_id))
    rows = rows.select_related("household")
    shown = [
        _child(row, key) for row in rows.prefetch_related("departures__child", "devices__child")
    ]
    return sorted(shown, key=lambda one: one.nickname.casefold())


def child_get(*, by: Actor, key: str, child: uuid.UUID) -> ChildShown:
    """One child, whole.

    Raises:
        NotFound: there is none of this uid in this household.
    """
    policy_check(by, Action.HOUSEHOLD_READ, household_id=by.household_id)
    rows = narrowed(by, Child.objects.filter(household_id=by.household_id, uid=child))
    rows = rows.select_related("household")
    row = rows.prefetch_related("departures__child", "devices__child", "names__child").first()
    if row is None:
        raise NotFound("no such child in this household")
    return _child(row, key, names=True)


def _child(row: Child, key: str, *, names: bool = False) -> ChildShown:
    words = words_open(row.sealed, ChildWords, "family child", row.uid, key=key)
    until = departures(row)
    sound = words is not None and row_holds(row)
    return ChildShown(
        uid=row.uid,
        number=row.number,
        band=Band(row.band),
        nickname=words.nickname if words else "…",
        note=words.note if words else "",
        rules=rules_read(row.rules),
        devices=tuple(_device(device, key) for device in _ordered(row.devices.all())),
        names=tuple(sorted(_names(row, key), key=lambda one: one.name)) if names else (),
        paused_until=until.get("pause"),
        more_until=until.get("skip"),
        lesson=lesson_of(row),
        trouble=not sound,
    )


def departures(child: Child) -> dict[str, datetime]:
    """What was said for a while and holds, until when: by the kind of the override."""
    rows = [one for one in child.departures.all() if one.until > now() and row_holds(one)]
    return {override_read(one.said).kind: one.until for one in rows}


def lesson_of(child: Child) -> Override | None:
    """What a teacher said for the lesson that goes on; None where none does."""
    rows = [one for one in child.departures.all() if one.until > now() and row_holds(one)]
    said = [override_read(one.said) for one in sorted(rows, key=lambda one: one.number)]
    return next((one for one in reversed(said) if one.kind in {"only", "open"}), None)


def network_list(*, by: Actor, key: str) -> dict[str, str]:
    """The networks of a school, each with the class that has it."""
    policy_check(by, Action.HOUSEHOLD_MANAGE, household_id=by.household_id)
    rows = Device.objects.filter(child__household_id=by.household_id, kind=WayKind.NETWORK)
    found = {}
    for row in rows.select_related("child__household"):
        shown, child = _device(row, key), row.child
        words = words_open(child.sealed, ChildWords, "family child", child.uid, key=key)
        if shown.network:
            found[shown.network] = words.nickname if words else "…"
    return found


def board_token(*, by: Actor, key: str, child: uuid.UUID) -> str:
    """Of the page of a class that `by` has; empty where it has none."""
    policy_check(by, Action.CLASS_TEACH, household_id=by.household_id)
    rows = Board.objects.filter(child__uid=child, child__household_id=by.household_id)
    board = narrowed(by, rows, "child__uid").select_related("child").first()
    if board is None or not row_holds(board):
        return ""
    words = words_open(board.sealed, BoardWords, "family board", board.uid, key=key)
    return words.token if words else ""


def _ordered(devices: Iterable[Device]) -> list[Device]:
    return sorted(devices, key=lambda one: (one.made_hour, one.pk))


def _device(row: Device, key: str) -> DeviceShown:
    words = words_open(row.sealed, DeviceWords, "family device", row.uid, key=key)
    return DeviceShown(
        uid=row.uid,
        kind=WayKind(row.kind),
        name=words.name if words else "",
        label=words.label if words and row_holds(row) else "",
        network=words.network if words and row_holds(row) else "",
        is_joined=bool(row.public),
        since=row.made_hour,
    )


def device_get(*, by: Actor, key: str, device: uuid.UUID) -> tuple[DeviceShown, ChildShown]:
    """A device and its child.

    Raises:
        NotFound: there is none of this uid in this household.
    """
    policy_check(by, Action.HOUSEHOLD_READ, household_id=by.household_id)
    rows = Device.objects.filter(uid=device, child__household_id=by.household_id)
    rows = narrowed(by, rows, "child__uid")
    row = rows.select_related("child__household").first()
    if row is None:
        raise NotFound("no such device in this household")
    return _device(row, key), _child(row.child, key)


def _names(child: Child, key: str) -> list[NameShown]:
    found = []
    for row in child.names.all():
        words = words_open(row.sealed, NameWords, "family name", row.uid, key=key)
        if words and row_holds(row) and (row.until is None or row.until > now()):
            found.append(NameShown(uid=row.uid, name=words.name, allow=row.allow, until=row.until))
    return found


def ask_list(*, by: Actor, key: str) -> list[AskShown]:
    """What the household's children ask for and nobody has answered, the oldest first."""
    policy_check(by, Action.ASK_ANSWER, household_id=by.household_id)
    rows = Ask.objects.filter(child__household_id=by.household_id, answer=Answer.WAITING)
    rows = narrowed(by, rows, "child__uid")
    rows = rows.select_related("child__household", "device__child").order_by("asked_hour", "number")
    found = [shown for row in rows if (shown := _ask(row, key, called=True))]
    return sorted(found, key=lambda one: one.at)


def own_asks(*, by: Actor, key: str, limit: int = 20) -> list[AskShown]:
    """What this device has asked for, the newest first, with the answers."""
    policy_check(by, Action.OWN_READ, household_id=by.household_id)
    rows = Ask.objects.filter(device_id=by.member_id).select_related(
        "child__household", "device__child"
    )
    return [shown for row in rows.order_by("-number")[:limit] if (shown := _ask(row, key))]


def _ask(row: Ask, key: str, *, called: bool = False) -> AskShown | None:
    words = words_open(row.sealed, AskWords, "family ask", row.uid, key=key)
    if words is None or not row_holds(row):
        return None
    said = None
    if row.answered is not None:
        said = words_open(row.answered, AnswerWords, "family answer", row.uid, key=key)
    child = row.child
    name = (
        words_open(child.sealed, ChildWords, "family child", child.uid, key=key) if called else None
    )
    return AskShown(
        uid=row.uid,
        child=child.uid,
        nickname=name.nickname if name else "",
        kind=AskKind(row.kind),
        site=words.site,
        reason=words.reason,
        at=_moment(words.at),
        answer=Answer(row.answer),
        word=said.word if said else "",
        until=row.until,
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def subscription_list(*, by: Actor) -> list[SubscriptionShown]:
    """Where the adult that `by` is wants to be told of requests."""
    policy_check(by, Action.HOUSEHOLD_READ, household_id=by.household_id)
    rows = Adult.objects.get(pk=by.member_id).subscriptions.order_by("made_hour", "uid")
    return [SubscriptionShown(uid=row.uid, way=row.way, since=row.made_hour) for row in rows]
