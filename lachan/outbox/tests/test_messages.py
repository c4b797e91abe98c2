"""Messages on their way: taken once, asked again before they go, tried until they make no sense, and gone."""

import logging
import os
import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from lachan.kernel import clock
from lachan.kernel.errors import InvalidInput
from lachan.kernel.events import HANDLERS, Handler
from lachan.kernel.sealing.errors import LockHeld, SealBroken
from lachan.outbox import lanes, occasions, selectors, services
from lachan.outbox.events import AddressGone
from lachan.outbox.models import Message, OutboxEvent
from lachan.outbox.sending import MessageLane
from lachan.outbox.ways import way as outward
from lachan.outbox.ways.way import Came, PayloadUnusable, Tried, Way, ways
from tests.lived import lived_until
from tests.push_service import PushService, product_knows

NOW = datetime(2026, 3, 4, 5, tzinfo=UTC)
SECRET_WORDS = "Mèo con xin thêm giờ"
TO = "https://pigeons.example/loft/7"


class Pigeons(Way):
    """A way whose answers a test says."""

    name, at_once = "pigeons", 4

    def __init__(self):
        self.flown, self.says, self.on = [], [], True

    def is_on(self):
        return self.on

    def address_read(self, text):
        return text

    def payload_check(self, payload):
        if b"stone" in payload:
            raise PayloadUnusable("too heavy")

    def server(self, address):
        return address.rpartition("/")[0]

    def send(self, parcel):
        self.flown.append(parcel)
        says = self.says.pop(0) if self.says else Came.SENT
        if isinstance(says, Exception):
            raise says
        return says if isinstance(says, Tried) else Tried(says, "" if says is Came.SENT else "Hawk")


@pytest.fixture
def way(monkeypatch):
    found = Pigeons()
    known = {**ways(), "pigeons": found}
    for place in ("messages", "selectors"):
        monkeypatch.setattr(f"lachan.outbox.{place}.ways", lambda: known)
    return found


@pytest.fixture
def lane(way):
    return MessageLane(way)


@pytest.fixture
def wanted(monkeypatch):
    """What still has its reason, by what the message is about."""
    found = {"x"}
    monkeypatch.setitem(occasions.OCCASIONS, "test.holds", lambda about: about in found)
    return found


def send(name="one", to=TO, **facts):
    known = {
        "way": "pigeons",
        "address": uuid.uuid4(),
        "payload": SECRET_WORDS.encode(),
        "tag": name,
        "ttl": timedelta(minutes=10),
    }
    kept = services.address_keep(way="pigeons", text=to)
    return services.message_send(to=kept, **known | facts)


def stands():
    return [(m.outcome, m.attempts, m.last_error) for m in Message.objects.order_by("created_at")]


@pytest.mark.django_db
def test_it_is_sent_once_and_nothing_of_it_stays(way, lane):
    assert send(address=uuid.UUID(int=5))
    lane.drain()
    lane.drain()
    (flown,) = way.flown
    assert (flown.address, flown.payload) == (TO, SECRET_WORDS.encode())
    assert timedelta(minutes=9) < flown.ttl <= timedelta(minutes=10)
    row = Message.objects.get()
    assert (row.outcome, bytes(row.sealed), row.next_attempt_at) == ("sent", b"", None)
    assert row.ended_at == row.expires_at == clock.hour()
    assert not OutboxEvent.objects.exists()


@pytest.mark.django_db
def test_it_is_taken_once_by_its_name(way, lane):
    assert send()
    assert not send()
    lane.drain()
    assert not send()
    assert send("another")
    lane.drain()
    assert len(way.flown) == 2
    # The other side can tell a second try by it, and nothing else.
    assert len({flown.mark for flown in way.flown}) == 2
    assert all(len(flown.mark) == 16 for flown in way.flown)


@pytest.mark.django_db
def test_it_leaves_with_the_transaction_that_gave_the_reason(way, lane):
    with transaction.atomic():
        send()
        transaction.set_rollback(True)
    lane.drain()
    assert way.flown == []


@pytest.mark.django_db
def test_nothing_of_it_rests_readable(way, lane):
    send("request-77", about="request-78", address=uuid.UUID(int=0xABC))
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM outbox_message")
        rests = "".join(map(repr, map(_plain, cursor.fetchone())))
    for canary in (SECRET_WORDS, "Mèo", TO, "pigeons.example", "request-7", "0000abc"):
        assert canary not in rests
    kept = services.address_keep(way="pigeons", text=TO)
    assert b"pigeons" not in kept


def _plain(value):
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else value


@pytest.mark.django_db
def test_a_new_secret_opens_what_rests(way, lane, settings):
    kept = services.address_keep(way="pigeons", text=TO)
    send()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 40, [settings.SECRET_KEY]
    facts = {"address": uuid.uuid4(), "payload": b"", "ttl": timedelta(minutes=1)}
    assert services.message_send(way="pigeons", to=kept, tag="two", **facts)
    lane.drain()
    assert [flown.address for flown in way.flown] == [TO, TO]
    # Without it nothing opens, and nothing is sent to somebody else.
    send("three")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "m" * 40, []
    with pytest.raises(LockHeld):
        services.message_send(way="pigeons", to=kept, tag="four", **facts)
    lane.drain()
    assert ("refused", 0, "LockHeld") in stands()


@pytest.mark.django_db
@pytest.mark.parametrize("moved", ["sealed", "expires_at", "tag"])
def test_what_was_altered_past_the_product_goes_to_nobody(way, lane, moved):
    send("one", to="a/1")
    send("two", to="b/2", ttl=timedelta(minutes=20))
    one, two = Message.objects.order_by("expires_at")
    Message.objects.filter(pk=two.pk).delete()
    Message.objects.filter(pk=one.pk).update(**{moved: getattr(two, moved)})
    lane.drain()
    one.refresh_from_db()
    assert (one.outcome, one.last_error) == ("refused", "SealBroken")
    assert way.flown == []


@pytest.mark.django_db
def test_an_address_opens_by_its_own_way_alone(way):
    kept = services.address_keep(way="email", text="a@shield.example")
    facts = {"address": uuid.uuid4(), "payload": b"", "tag": "x", "ttl": timedelta(minutes=1)}
    with pytest.raises(SealBroken):
        services.message_send(way="pigeons", to=kept, **facts)


@pytest.mark.django_db
def test_its_reason_is_asked_again_when_it_goes_out(way, lane, wanted):
    send("one", occasion="test.holds", about="x")
    send("two", occasion="test.holds", about="y")
    wanted.clear()
    wanted.add("y")
    lane.drain()
    assert sorted(stands()) == [("dropped", 1, ""), ("sent", 1, "")]
    assert len(way.flown) == 1


@pytest.mark.django_db
def test_a_reason_that_cannot_be_asked_waits(way, lane, wanted, monkeypatch):
    send("one", occasion="test.holds", about="x")
    # As after an update to a version that does not know it.
    monkeypatch.delitem(occasions.OCCASIONS, "test.holds")
    lane.drain()
    assert (stands(), way.flown) == ([("", 1, "KeyError")], [])
    monkeypatch.setitem(occasions.OCCASIONS, "test.holds", lambda about: about == "x")
    with clock.held_at(clock.now() + timedelta(minutes=5)):
        lane.drain()
    assert len(way.flown) == 1
    with pytest.raises(KeyError):
        send("two", occasion="test.unknown")


@pytest.mark.django_db
def test_what_fails_is_tried_again_with_growing_pauses_until_it_makes_no_sense(way, lane, caplog):
    way.says = [Came.LATER] * 1000
    with lived_until(NOW):
        send(ttl=timedelta(hours=1))
    pauses, last = [], NOW
    for second in range(3700):
        with clock.held_at(NOW + timedelta(seconds=second)):
            before = len(way.flown)
            lane._resting.clear()
            lane.drain()
            if len(way.flown) > before:
                pauses.append((clock.now() - last).total_seconds())
                last = clock.now()
    assert pauses == [0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
    assert stands() == [("expired", 11, "Hawk")]
    assert SECRET_WORDS not in caplog.text
    assert "pigeons.example" not in caplog.text


@pytest.mark.django_db
def test_an_address_that_is_gone_is_told_to_whoever_gave_it(way, lane, monkeypatch):
    heard = []
    monkeypatch.setitem(HANDLERS, AddressGone.topic, [Handler("test.on_gone", heard.append)])
    way.says = [Came.GONE]
    own = uuid.uuid4()
    send(address=own)
    lane.drain()
    services.events_deliver()
    assert heard == [AddressGone(way="pigeons", address=own)]
    assert stands() == [("gone", 1, "Hawk")]


@pytest.mark.django_db
def test_what_is_refused_is_not_tried_again(way, lane, caplog):
    way.says = [Came.REFUSED]
    send()
    lane.drain()
    assert stands() == [("refused", 1, "Hawk")]
    assert [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR] == [
        "pigeons: a message was refused: Hawk"
    ]


@pytest.mark.django_db
def test_one_that_breaks_stops_no_other(way, lane):
    way.says = [RuntimeError(SECRET_WORDS), Came.SENT, Came.SENT]
    for name in "abc":
        send(name, to=f"{name}/1")
    lane.drain()
    assert sorted(stands()) == [("", 1, "RuntimeError"), ("sent", 1, ""), ("sent", 1, "")]


@pytest.mark.django_db
def test_a_server_that_is_down_is_left_alone_and_the_others_go_on(way, lane):
    way.says = [Came.LATER]
    way.at_once = 1
    send("one", to="down/1")
    lane.drain()
    for number in range(20):
        send(f"down {number}", to="down/2")
    send("up", to="up/1")
    lane.drain()
    assert [flown.address for flown in way.flown] == ["down/1", "up/1"]
    # What waited with it has lost no attempt.
    assert stands().count(("", 0, "")) == 20
    lane._resting.clear()
    with clock.held_at(clock.now() + timedelta(minutes=2)):
        lane.drain()
    assert stands().count(("sent", 1, "")) == 21


@pytest.mark.django_db
def test_a_server_says_when_to_come_again(way, lane):
    way.says = [Tried(Came.LATER, "Http429", timedelta(minutes=3))]
    with lived_until(NOW):
        send()
        lane.drain()
    assert Message.objects.get().next_attempt_at == NOW + timedelta(minutes=3)


@pytest.mark.django_db
def test_a_try_is_written_down_before_it_is_made(way, lane):
    """Whatever takes the process with it in the middle is tried again after its pause, not at once for ever."""
    with lived_until(NOW):
        send()

        class Killed(BaseException):
            pass

        def killed(parcel):
            raise Killed

        way.send = killed
        with pytest.raises(Killed):
            lane.drain()
        assert stands() == [("", 1, "")]
        del way.send
        MessageLane(way).drain()
        assert way.flown == []
    with clock.held_at(NOW + timedelta(seconds=3)):
        MessageLane(way).drain()
    assert len(way.flown) == 1


@pytest.mark.django_db(transaction=True)
def test_it_asks_outside_without_holding_up_who_writes(way):
    """While four are on their way, others write."""
    begun, go_on = threading.Barrier(5), threading.Event()

    def slow(parcel):
        begun.wait(10)
        go_on.wait(10)
        return Tried(Came.SENT)

    way.send = slow
    for name in "abcd":
        send(name)

    def work():
        MessageLane(way).drain()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait(10)
    assert send("meanwhile")
    assert MessageLane(way).drain() is None  # another process's lane: this one leaves it alone
    assert Message.objects.filter(attempts=0).count() == 1
    begun.reset()
    del way.send
    go_on.set()
    thread.join(10)
    assert set(stands()) == {("sent", 1, "")}


@pytest.mark.django_db(transaction=True)
def test_its_lane_is_woken_when_it_is_given(way, monkeypatch):
    monkeypatch.setattr(lanes, "LOOK_EVERY", 60.0)
    stop, arrived = threading.Event(), threading.Event()
    monkeypatch.setattr(way, "send", lambda _: arrived.set() or Tried(Came.SENT))
    facts = ("pigeons", MessageLane(way).drain, stop, os.getppid())
    thread = threading.Thread(target=lanes.outbound, args=facts)
    thread.start()
    try:
        # A wake-up before anybody listens is lost, as any may be.
        assert any(send(f"{n}") and arrived.wait(0.5) for n in range(40))
    finally:
        stop.set()
        services.wake("outbound")
        thread.join(20)
    assert not thread.is_alive()


@pytest.mark.django_db
def test_what_is_off_takes_nothing_and_ends_in_time(way, lane):
    with lived_until(NOW):
        send()
        way.on = False
        assert not send("two")
        lane.drain()
    assert stands() == [("", 0, "")]
    with lived_until(NOW + timedelta(hours=1)):
        services.messages_purge()
    assert stands() == [("expired", 0, "")]
    with lived_until(NOW + timedelta(days=9)):
        assert services.messages_purge() == 1
    assert stands() == []


@pytest.mark.django_db
def test_a_clock_that_runs_ahead_ends_nothing(way, lane):
    send()
    with clock.held_at(clock.now() + timedelta(days=400)):
        services.messages_purge()
        assert stands() == [("", 0, "")]
        lane.drain()
    assert stands() == [("sent", 1, "")]


@pytest.mark.django_db
@pytest.mark.parametrize("ttl", [timedelta(0), timedelta(seconds=-1), timedelta(days=29)])
def test_it_makes_sense_for_some_time_and_not_for_ever(way, ttl):
    with pytest.raises(InvalidInput):
        send(ttl=ttl)


@pytest.mark.django_db
def test_it_takes_no_more_than_the_way_carries(way):
    with pytest.raises(PayloadUnusable):
        send(payload=b"a stone")
    assert stands() == []


@pytest.mark.django_db
def test_it_counts_and_names_nobody(way, lane):
    way.says = [Came.SENT, Came.GONE, Came.REFUSED, Came.LATER]
    way.at_once = 1
    for name in "abcd":
        send(name, to=f"{name}/1")
    lane.drain()
    send("e")
    found = {one.way: one for one in selectors.message_list()}
    assert set(found) == {"email", "pigeons", "web_push"}
    pigeons = found["pigeons"]
    assert (pigeons.sent, pigeons.gone, pigeons.refused, pigeons.expired) == (1, 1, 1, 0)
    assert (pigeons.waiting, pigeons.failing, pigeons.errors) == (2, 1, ("Hawk",))
    assert pigeons.oldest == clock.hour()
    assert (found["email"].is_on, found["web_push"].is_on) == (False, True)


@pytest.mark.django_db
def test_a_browser_gets_its_words_from_end_to_end(settings, monkeypatch):
    with PushService() as service:
        product_knows(service, settings, monkeypatch)
        browser = service.browser(selectors.push_key())
        kept = services.address_keep(way="web_push", text=browser.subscription)
        facts = {"way": "web_push", "to": kept, "address": uuid.uuid4(), "ttl": timedelta(hours=1)}
        services.message_send(payload=SECRET_WORDS.encode(), tag="a", **facts)
        lane = MessageLane(ways()["web_push"])
        service.answers = [(503, {})]
        lane.drain()
        lane._resting.clear()
        with clock.held_at(clock.now() + timedelta(seconds=5)):
            lane.drain()
            assert service.opened(browser) == [SECRET_WORDS.encode()]
            service.forget(browser)
            services.message_send(payload=b"", tag="b", **facts)
            lane.drain()
    assert sorted(stands()) == [("gone", 1, "Http410"), ("sent", 2, "")]


def test_an_occasion_has_one_name(monkeypatch):
    monkeypatch.setattr(occasions, "OCCASIONS", {})

    def waits(about):
        return True

    waits.__module__ = "lachan.family.handlers"
    assert services.occasion(waits) is services.occasion(waits)
    assert {"family.waits": waits} == occasions.OCCASIONS

    def waits(about):
        return False

    waits.__module__ = "lachan.family.tasks"
    with pytest.raises(TypeError, match=r"family\.waits"):
        services.occasion(waits)


@pytest.mark.parametrize("name", sorted(ways()))
def test_each_way_keeps_the_contract(name):
    """A new folder needs no test of its own for what all of them promise."""
    way = ways()[name]
    assert way.name == name
    assert len(name) <= Message._meta.get_field("way").max_length
    assert way.at_once >= 1
    assert way.examples()
    for text, payload in way.examples():
        address = way.address_read(text)
        assert way.address_read(address) == address
        assert isinstance(way.server(address), str)
        way.payload_check(payload)
    for wrong in ("", "\0", "x" * 100_000, "[]"):
        with pytest.raises(outward.AddressUnusable):
            way.address_read(wrong)
