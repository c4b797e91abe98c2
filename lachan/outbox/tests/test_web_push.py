"""Web push as the RFCs have it: their vectors, and a service that opens what it gets."""

import json
import time
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from lachan.outbox import selectors
from lachan.outbox.records import Urgency
from lachan.outbox.ways.way import AddressUnusable, Came, Parcel, PayloadUnusable, Tried, ways
from lachan.outbox.ways.web_push import encryption, vapid
from lachan.outbox.ways.web_push.subscriptions import service_hosts, subscription_read
from tests.push_service import Browser, PushService, decrypt, product_knows, vapid_read
from tests.push_service import b64 as their_b64
from tests.push_service import unb64 as their_unb64

WAY = ways()["web_push"]

# RFC 8291, section 5 and appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
RECEIVER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
RECEIVER_PUBLIC = (
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
)
SALT, AUTH = "DGv6ra1nlYgDCS1FRnbzlw", "BTBZMqHH6r4Tts7J_aSIgg"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
    "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
    "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
# RFC 8292, section 2.4.
VAPID = (
    "vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1"
    "MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb"
    "1JrErtmysazNjjvW2L9OkSSHzvoD1oA, "
    "k=BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"
)


def private(text):
    return ec.derive_private_key(int.from_bytes(their_unb64(text), "big"), ec.SECP256R1())


@pytest.fixture(scope="module")
def running():
    with PushService() as found:
        yield found


@pytest.fixture
def service(running, settings, monkeypatch):
    running.received.clear()
    product_knows(running, settings, monkeypatch)
    return running


def parcel(browser, payload=b"{}", **facts):
    known = {"urgency": Urgency.HIGH, "ttl": timedelta(minutes=10), "mark": b"m" * 16}
    address = WAY.address_read(browser.subscription)
    return Parcel(address=address, payload=payload, **known | facts)


def test_it_encrypts_as_the_rfc_does():
    body = encryption.encrypt(
        PLAIN,
        public=their_unb64(RECEIVER_PUBLIC),
        auth=their_unb64(AUTH),
        salt=their_unb64(SALT),
        sender=private(SENDER),
        padded=len(PLAIN) + 1,
    )
    assert their_b64(body) == BODY


def test_the_tests_service_opens_what_the_rfc_shows():
    assert decrypt(their_unb64(BODY), private(RECEIVER), their_unb64(AUTH)) == PLAIN
    claims, _ = vapid_read(VAPID)
    assert claims == {
        "aud": "https://push.example.net",
        "exp": 1453523768,
        "sub": "mailto:push@example.com",
    }


@given(st.binary(max_size=encryption.MOST_BYTES))
def test_every_body_has_one_length_and_opens(plain):
    auth, key = b"a" * 16, private(RECEIVER)
    body = encryption.encrypt(plain, public=their_unb64(RECEIVER_PUBLIC), auth=auth)
    assert len(body) == 2922
    # Zeros at the end of what is told are kept: the delimiter stands behind them.
    assert decrypt(body, key, auth) == plain


def test_it_takes_no_more_than_every_service_carries():
    WAY.payload_check(bytes(encryption.MOST_BYTES))
    with pytest.raises(PayloadUnusable):
        WAY.payload_check(bytes(encryption.MOST_BYTES + 1))


def test_its_key_follows_from_the_secret_alone(settings):
    first = selectors.push_key()
    assert len(their_unb64(first)) == 65
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 40, [settings.SECRET_KEY]
    assert selectors.push_key() != first
    # Who subscribed before a new secret is still served; who subscribed elsewhere is not.
    assert vapid.is_known(first)
    claims, key = vapid_read(vapid.authorization("https://a.example", public=first, contact=""))
    assert key == first
    assert set(claims) == {"aud", "exp"}
    settings.SECRET_KEY_FALLBACKS = []
    assert not vapid.is_known(first)


def test_a_service_gets_what_it_asks_for_and_the_browser_the_words(service):
    browser = service.browser(selectors.push_key())
    words = "xin thêm 30 phút\0".encode()
    assert WAY.send(parcel(browser, words)).came is Came.SENT
    assert service.opened(browser) == [words]
    (push,) = service.received
    assert push.headers["TTL"] == "600"
    assert push.headers["Urgency"] == "high"
    assert push.claims["k"] == selectors.push_key()
    assert push.claims["sub"] == "mailto:operator@shield.example"
    assert 0 < push.claims["exp"] - time.time() <= 12 * 3600
    # Nothing tells of whom, or of what software, the message is.
    assert "User-Agent" not in push.headers
    assert b"30" not in push.body


def test_one_that_is_tried_again_takes_the_place_of_the_first(service):
    browser = service.browser()
    WAY.send(parcel(browser, b"one"))
    WAY.send(parcel(browser, b"one"))
    WAY.send(parcel(browser, b"two", mark=b"n" * 16))
    assert len(service.received) == 3
    assert service.opened(browser) == [b"one", b"two"]


@pytest.mark.parametrize(
    ("status", "headers", "came", "again"),
    [
        (200, {}, Came.SENT, None),
        (202, {}, Came.SENT, None),
        (404, {}, Came.GONE, None),
        (410, {}, Came.GONE, None),
        (400, {}, Came.REFUSED, None),
        (403, {}, Came.REFUSED, None),
        (413, {}, Came.REFUSED, None),
        (429, {"Retry-After": "120"}, Came.LATER, 120),
        (429, {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, Came.LATER, 0),
        (429, {"Retry-After": "soon"}, Came.LATER, None),
        (503, {"Retry-After": "9" * 40}, Came.LATER, None),
        (503, {"Retry-After": "999999999"}, Came.LATER, 6 * 3600),
        (500, {}, Came.LATER, None),
        (302, {"Location": "https://127.0.0.1/inside"}, Came.LATER, None),
        (307, {"Location": "/elsewhere"}, Came.LATER, None),
    ],
)
def test_it_knows_what_an_answer_means(service, status, headers, came, again):
    service.answers = [(status, headers)]
    tried = WAY.send(parcel(service.browser()))
    assert tried.came is came
    assert tried.again == (None if again is None else timedelta(seconds=again))
    assert len(service.received) == 1  # no redirect is followed


def test_what_cannot_be_reached_waits(service, monkeypatch):
    told = parcel(service.browser())
    monkeypatch.delenv("SSL_CERT_FILE")  # nobody vouches for it
    assert WAY.send(told) == Tried(Came.LATER, "ServerUnreachable")
    assert service.received == []


def subscription(**other):
    facts = {"endpoint": "https://fcm.googleapis.com/fcm/send/abc:def"}
    keys = {"p256dh": RECEIVER_PUBLIC, "auth": AUTH} | {
        name: other.pop(name) for name in ("p256dh", "auth") if name in other
    }
    return json.dumps(facts | {"keys": keys} | other)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc",
        "https://FCM.googleapis.com:443/wp/abc",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
        "https://web.push.apple.com/QGc",
        "https://wns2-par02p.notify.windows.com/w/?token=BQY%2b",
    ],
)
def test_it_takes_subscriptions_of_known_services(endpoint):
    address = WAY.address_read(subscription(endpoint=endpoint))
    assert WAY.address_read(address) == address
    assert json.loads(address)["key"] == selectors.push_key()


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/abc",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evil.example/fcm.googleapis.com",
        "https://notfcm.googleapis.com/x",
        "https://storage.googleapis.com/x",
        "https://push.apple.com.evil.example/x",
        "https://evilpush.apple.com/x",
        "https://notify.windows.com@127.0.0.1/x",
        "https://a:b@fcm.googleapis.com/x",
        "https://@fcm.googleapis.com/x",
        "https://127.0.0.1\\@fcm.googleapis.com/x",
        "https://fcm.googleapis.com:22/x",
        "https://fcm.googleapis.com:99999/x",
        "https://fcm.googleapis.com./x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://169.254.169.254/latest/meta-data/",
        "https://localhost:8000/x",
        "https://fcm.googleapis.com/x\r\nHost: evil.example",
        "https://fcm.googleapis.com/x y",
        "https://fcm.googleapis.com/é",
        "https://[fcm.googleapis.com/x",
        "https://fcm.googleapis.com/#" + "x" * 10,
        "https://fcm.googleapis.com/" + "x" * 2048,
        "ftp://fcm.googleapis.com/x",
        "//fcm.googleapis.com/x",
        "",
        7,
        None,
    ],
)
def test_it_sends_to_no_other_place(endpoint):
    with pytest.raises(AddressUnusable) as refused:
        WAY.address_read(subscription(endpoint=endpoint))
    assert not endpoint or str(endpoint) not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "7",
        "{}",
        '{"endpoint":"https://fcm.googleapis.com/x"}',
        "x" * 10_000,
        subscription(keys=None),
        subscription(keys=[]),
        subscription(p256dh="AAAA"),
        subscription(p256dh=their_b64(b"\4" + bytes(64))),  # a point on no curve
        subscription(p256dh=their_b64(b"\2" + bytes(32))),
        subscription(p256dh=7),
        subscription(auth="AAAA"),
        subscription(auth="*" * 22),
        subscription(key=RECEIVER_PUBLIC),  # another instance's
        subscription(key=7),
        subscription(key=["x"]),
    ],
)
def test_it_takes_nothing_that_is_no_subscription(text):
    with pytest.raises(AddressUnusable):
        WAY.address_read(text)


def test_a_service_of_the_operator_s_is_known_by_its_place(settings):
    settings.PUSH_SERVICES = frozenset({("push.shield.example", 8443)})
    found = subscription_read(subscription(endpoint="https://push.shield.example:8443/x"))
    assert found.is_of_operator
    assert found.origin == "https://push.shield.example:8443"
    for other in ("https://push.shield.example/x", "https://a.push.shield.example:8443/x"):
        with pytest.raises(AddressUnusable):
            WAY.address_read(subscription(endpoint=other))
    # What was taken while it was known is asked as a stranger once it is not.
    settings.PUSH_SERVICES = frozenset()
    assert not found.is_of_operator


def test_it_says_whence_it_knows_its_services():
    exact, below = service_hosts()
    assert "fcm.googleapis.com" in exact
    assert all(end.startswith(".") and end.count(".") >= 2 for end in below)


def test_a_subscription_to_a_key_that_is_no_more_is_gone(settings, service):
    told = parcel(Browser(service.browser().endpoint, private(RECEIVER), b"a" * 16))
    settings.SECRET_KEY = "n" * 40
    assert (WAY.send(told).came, service.received) == (Came.GONE, [])
