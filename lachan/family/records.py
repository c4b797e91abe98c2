"""What pages, and other rooms, may hold of a household."""

import dataclasses
import enum
import uuid
from datetime import datetime

import msgspec

from lachan.formats.profiles.rules import Override, Rules


class Band(enum.StrEnum):
    """How old a child is, as far as rules need to know."""

    UNDER_9 = "under-9"
    FROM_9 = "9-11"
    FROM_12 = "12-15"
    FROM_16 = "16-17"


class Sort(enum.StrEnum):
    """What a household is; it is said at its founding and stays."""

    FAMILY = "family"
    SCHOOL = "school"


class WayKind(enum.StrEnum):
    """By what an edge knows a profile: a device's address, or the network that asks."""

    DEVICE = "device"
    NETWORK = "network"


class Change(enum.StrEnum):
    """What a line of a household's history says was done; the words stand in labels.py."""

    FOUNDED = "founded"
    OPENED = "opened"
    CODE_MADE = "code-made"
    CODE_ENDED = "code-ended"
    ADULT_INVITED = "adult-invited"
    ADULT_JOINED = "adult-joined"
    ADULT_NAMED = "adult-named"
    ADULT_REMOVED = "adult-removed"
    ADULT_LEFT = "adult-left"
    SESSION_ENDED = "session-ended"
    CHILD_ADDED = "child-added"
    CHILD_CHANGED = "child-changed"
    CHILD_REMOVED = "child-removed"
    RULES_CHANGED = "rules-changed"
    NAME_ALLOWED = "name-allowed"
    NAME_BLOCKED = "name-blocked"
    NAME_REMOVED = "name-removed"
    PAUSED = "paused"
    PAUSE_ENDED = "pause-ended"
    TIME_GIVEN = "time-given"
    DEVICE_ADDED = "device-added"
    DEVICE_REMOVED = "device-removed"
    MESSAGES_ON = "messages-on"
    MESSAGES_OFF = "messages-off"
    ASK_GRANTED = "ask-granted"
    ASK_REFUSED = "ask-refused"
    CLASSES_TAKEN = "classes-taken"
    LESSON_BEGUN = "lesson-begun"
    LESSON_ENDED = "lesson-ended"
    BOARD_MADE = "board-made"
    BOARD_ENDED = "board-ended"
    TEACHER_SET = "teacher-set"


class AskKind(enum.StrEnum):
    SITE = "site"
    TIME = "time"


class Answer(enum.StrEnum):
    """What a parent says to a request; WAITING until then."""

    WAITING = "waiting"
    HOUR = "hour"
    TODAY = "today"
    ALWAYS = "always"
    NO = "no"


# Sealed words, each as it stands inside its seal.


class AdultWords(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""


class ChildWords(msgspec.Struct, frozen=True, kw_only=True):
    nickname: str
    note: str = ""


class DeviceWords(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes: label: of the device's address; empty for a network; network: of a school's, as CIDR."""

    name: str = ""
    label: str = ""
    network: str = ""


class BoardWords(msgspec.Struct, frozen=True, kw_only=True):
    token: str


class NameWords(msgspec.Struct, frozen=True, kw_only=True):
    name: str


class AskWords(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes: site: empty where time is asked for; at: Unix seconds."""

    site: str = ""
    reason: str = ""
    at: int


class AnswerWords(msgspec.Struct, frozen=True, kw_only=True):
    word: str = ""
    at: int


class HistoryWords(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes: adult: the number of whoever did it; 0 for nobody; about: a nickname, a name, a device."""

    adult: int
    what: str
    about: str = ""
    at: int


# What pages show.


@dataclasses.dataclass(frozen=True, kw_only=True)
class AdultShown:
    uid: uuid.UUID
    number: int
    name: str
    is_me: bool = False
    manages: bool = False
    classes: frozenset[uuid.UUID] = frozenset()


@dataclasses.dataclass(frozen=True, kw_only=True)
class SessionShown:
    uid: uuid.UUID
    adult: int
    device: str
    since: datetime
    is_this: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class DeviceShown:
    """Attributes: label: of its address; empty for a network; is_joined: the child's pages were opened on it;
    network: of a school's class.
    """

    uid: uuid.UUID
    kind: WayKind
    name: str
    label: str
    network: str = dataclasses.field(default="", kw_only=True)
    is_joined: bool
    since: datetime


@dataclasses.dataclass(frozen=True, kw_only=True)
class NameShown:
    uid: uuid.UUID
    name: str
    allow: bool
    until: datetime | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChildShown:
    """A child as its household sees it.

    Attributes:
        number: of its profile, which alone edges know.
        trouble: words could not be opened or were altered past the product.
    """

    uid: uuid.UUID
    number: int
    band: Band
    nickname: str
    note: str
    rules: Rules
    devices: tuple[DeviceShown, ...] = ()
    names: tuple[NameShown, ...] = ()
    paused_until: datetime | None = None
    more_until: datetime | None = None
    lesson: Override | None = None
    trouble: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class AskShown:
    uid: uuid.UUID
    child: uuid.UUID
    nickname: str
    kind: AskKind
    site: str
    reason: str
    at: datetime
    answer: Answer
    word: str = ""
    until: datetime | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class HistoryShown:
    who: str
    what: str
    about: str
    at: datetime


@dataclasses.dataclass(frozen=True, kw_only=True)
class SubscriptionShown:
    """Where an adult is told of requests. Attributes: way: as the outbox calls it."""

    uid: uuid.UUID
    way: str
    since: datetime
