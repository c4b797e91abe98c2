from django.db import models

from lachan.kernel.ids import key_random
from lachan.proofs.services import ProvedManager, proved

from .records import Answer, AskKind, Band, Sort, WayKind


def _key() -> models.BigAutoField:
    return models.BigAutoField(primary_key=True, default=key_random, editable=False)


def _proof() -> models.BinaryField:
    return models.BinaryField(max_length=21, null=True, editable=False)


def _uid() -> models.UUIDField:
    return models.UUIDField(unique=True, editable=False)


def _choices(kind: type) -> list[tuple[str, str]]:
    return [(one.value, one.value) for one in kind]


@proved("household", "uid", "sort", "public", "zone")
class Household(models.Model):
    """A family, or a school. Nobody's name stands here; `public` is what its words are sealed to (docs/adr/0026).

    A school's adults are its teachers, its children are classes: no pupil stands anywhere.
    """

    id = _key()
    uid = _uid()
    sort = models.CharField(max_length=10, choices=_choices(Sort), default=Sort.FAMILY)
    public = models.CharField(max_length=80)
    zone = models.CharField(max_length=40)
    made_hour = models.DateTimeField()
    # Which key the hashes of its devices and names were made with: four bytes of its digest.
    keyed = models.BinaryField(max_length=4, default=b"")
    # How many adults and lines of history there ever were: numbers are not given twice.
    adults_made = models.PositiveIntegerField(default=0)
    written = models.PositiveIntegerField(default=0)
    proof = _proof()

    objects = ProvedManager()


@proved("household adult", "household__uid", "uid", "number", "sealed")
class Adult(models.Model):
    id = _key()
    uid = _uid()
    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="adults")
    number = models.PositiveIntegerField()
    sealed = models.BinaryField()
    proof = _proof()

    objects = ProvedManager()


@proved("teacher", "adult__uid", "manages", "classes")
class Teacher(models.Model):
    """What an adult of a school may: all of it, or these classes. Whoever has none of these rows may nothing yet.

    `classes`: uids of `Child` rows, with blanks between them.
    """

    id = _key()
    adult = models.OneToOneField(Adult, on_delete=models.CASCADE, related_name="teacher")
    manages = models.BooleanField(default=False)
    classes = models.TextField(blank=True)
    proof = _proof()

    objects = ProvedManager()


@proved(
    "household code",
    "household__uid",
    "adult__uid",
    "uid",
    "locator",
    "salt",
    "recipient",
    "sealed",
)
class Code(models.Model):
    """28 digits that open the household; `sealed` is its private key, for the pair that digits and salt give.

    With an adult it goes when the adult goes; without one it is the printed code of the household.
    """

    id = _key()
    uid = _uid()
    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="codes")
    adult = models.ForeignKey(Adult, null=True, on_delete=models.CASCADE, related_name="codes")
    locator = models.BinaryField(max_length=3, db_index=True)
    salt = models.BinaryField(max_length=16)
    recipient = models.CharField(max_length=80)
    sealed = models.BinaryField()
    made_hour = models.DateTimeField()
    is_kept = models.BooleanField(default=False)
    proof = _proof()

    objects = ProvedManager()


class AdultSession(models.Model):
    """A browser in which an adult is signed in: household's key and adult's uid, locked under the cookie's secret.

    It needs no proof: whoever writes one in cannot put the household's key into it.
    """

    id = _key()
    uid = _uid()
    mark = models.BinaryField(max_length=16, unique=True)
    adult = models.ForeignKey(Adult, on_delete=models.CASCADE, related_name="sessions")
    locked = models.BinaryField()
    sealed = models.BinaryField()
    made_hour = models.DateTimeField()
    used_hour = models.DateTimeField(db_index=True)


@proved("household subscription", "adult__uid", "uid", "way", "mark", "kept", "language", "home")
class Subscription(models.Model):
    """Where an adult wants to be told that a child asks: a browser, or a mailbox.

    `kept` is the address as the outbox keeps it, `mark` its keyed hash, `home` this family's first page as that adult
    reached it.
    """

    id = _key()
    uid = _uid()
    adult = models.ForeignKey(Adult, on_delete=models.CASCADE, related_name="subscriptions")
    way = models.CharField(max_length=20)
    mark = models.BinaryField(max_length=16)
    kept = models.BinaryField()
    language = models.CharField(max_length=10)
    home = models.CharField(max_length=300)
    made_hour = models.DateTimeField()
    proof = _proof()

    objects = ProvedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["adult", "mark"], name="one_subscription_an_address")
        ]


class AdultLink(models.Model):
    """A way in for one more adult: the household's key locked under the link's token, for ten minutes."""

    id = _key()
    mark = models.BinaryField(max_length=16, unique=True)
    household = models.ForeignKey(Household, on_delete=models.CASCADE)
    locked = models.BinaryField()
    ends_at = models.DateTimeField(db_index=True)


@proved("household child", "household__uid", "uid", "number", "band", "rules", "sealed")
class Child(models.Model):
    """A child by its profile's number; nickname and note are sealed, the rules are codes in clear."""

    id = _key()
    uid = _uid()
    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="children")
    number = models.PositiveIntegerField(unique=True)
    band = models.CharField(max_length=10, choices=_choices(Band))
    rules = models.TextField()
    sealed = models.BinaryField()
    asked = models.PositiveIntegerField(default=0)
    proof = _proof()

    objects = ProvedManager()


@proved("household way", "child__uid", "uid", "kind", "way", "public", "sealed")
class Device(models.Model):
    """A way in to a child's profile. `way` is the keyed hash that edges know; name and address are sealed.

    `public` is of the device's own pair, once the child's pages were opened on it.
    """

    id = _key()
    uid = _uid()
    child = models.ForeignKey(Child, on_delete=models.CASCADE, related_name="devices")
    kind = models.CharField(max_length=10, choices=_choices(WayKind))
    way = models.BinaryField(max_length=8, unique=True)
    public = models.CharField(max_length=80, blank=True)
    sealed = models.BinaryField()
    made_hour = models.DateTimeField()
    proof = _proof()

    objects = ProvedManager()


class DeviceLink(models.Model):
    """Opens the child's pages on a device, once: its address locked under the link's token."""

    id = _key()
    mark = models.BinaryField(max_length=16, unique=True)
    device = models.ForeignKey(Device, on_delete=models.CASCADE)
    locked = models.BinaryField()
    ends_at = models.DateTimeField(db_index=True)


class DeviceSession(models.Model):
    """A child's device: its own private key and address, locked under its cookie's secret."""

    id = _key()
    mark = models.BinaryField(max_length=16, unique=True)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="sessions")
    locked = models.BinaryField()
    used_hour = models.DateTimeField(db_index=True)


@proved("household name", "child__uid", "uid", "key", "allow", "until", "sealed")
class OwnName(models.Model):
    """A household's own word on a name: `key` is the keyed hash that edges know."""

    id = _key()
    uid = _uid()
    child = models.ForeignKey(Child, on_delete=models.CASCADE, related_name="names")
    key = models.BinaryField(max_length=8)
    allow = models.BooleanField()
    until = models.DateTimeField(null=True)
    sealed = models.BinaryField()
    proof = _proof()

    objects = ProvedManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["child", "key"], name="one_word_on_a_name")]


@proved("household override", "child__uid", "number", "said", "until")
class Departure(models.Model):
    """What is said for a while instead of a child's rules: an `Override` as `formats/profiles/encoding` writes it.
    Of several the one with the highest number was said last.
    """

    id = _key()
    child = models.ForeignKey(Child, on_delete=models.CASCADE, related_name="departures")
    number = models.PositiveIntegerField()
    said = models.TextField()
    until = models.DateTimeField(db_index=True)
    proof = _proof()

    objects = ProvedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["child", "number"], name="one_override_a_number")
        ]


@proved("class page", "child__uid", "uid", "mark", "locked", "sealed")
class Board(models.Model):
    """A class's page for the wall, found by a token that rests nowhere in clear.

    `locked` is what it calls the class, under the token; `sealed` the token, to the school.
    """

    id = _key()
    uid = _uid()
    child = models.OneToOneField(Child, on_delete=models.CASCADE, related_name="board")
    mark = models.BinaryField(max_length=16, unique=True)
    locked = models.BinaryField()
    sealed = models.BinaryField()
    proof = _proof()

    objects = ProvedManager()


@proved(
    "household ask",
    "child__uid",
    "device__uid",
    "uid",
    "number",
    "kind",
    "answer",
    "until",
    "sealed",
    "answered",
)
class Ask(models.Model):
    """What a child asks for. Words and answer are sealed to the household and to the device that asked."""

    id = _key()
    uid = _uid()
    child = models.ForeignKey(Child, on_delete=models.CASCADE, related_name="asks")
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="asks")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=_choices(AskKind))
    answer = models.CharField(max_length=10, choices=_choices(Answer))
    until = models.DateTimeField(null=True)
    asked_hour = models.DateTimeField(db_index=True)
    sealed = models.BinaryField()
    answered = models.BinaryField(null=True)
    proof = _proof()

    objects = ProvedManager()


@proved("household history", "household__uid", "number", "sealed")
class HistoryLine(models.Model):
    id = _key()
    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="history")
    number = models.PositiveIntegerField()
    sealed = models.BinaryField()
    proof = _proof()

    objects = ProvedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["household", "number"], name="one_history_line")
        ]


class ProfileHead(models.Model):
    """The one row whose lock puts changes of profiles in order: who holds it gives the next number."""

    seq = models.PositiveBigIntegerField(default=0)


class ProfileChange(models.Model):
    """That a profile is another since `seq`; whoever keeps a table for an edge follows these rows."""

    seq = models.PositiveBigIntegerField(primary_key=True)
    number = models.PositiveIntegerField()
    made_hour = models.DateTimeField(db_index=True)
