import re
import threading
import time
import unicodedata
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.hashers import MD5PasswordHasher, check_password, make_password
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lachan.config import settings as project
from lachan.kernel.clock import held_at, now
from lachan.kernel.passwords import password_spellings
from lachan.kernel.sealing import locks, turns
from lachan.kernel.sealing.envelope import keypair_from_private, keypair_new
from lachan.kernel.sealing.errors import TurnsTaken
from lachan.members.entry import sign_in_checks
from lachan.members.entry.sign_in_checks import _pause_key, _stranger_key, pause_clear, try_count
from lachan.members.errors import SignInPaused
from lachan.members.keys.session_keys import COOKIE
from lachan.members.models import AuditEntry, Person, Session, SignInPause
from lachan.members.services import first_link

PASSWORD = "four-invented-words-here"
JOIN = {
    "organisation_name": "Desk", "name": "An", "email": "an@home.example",
    "password": PASSWORD, "again": PASSWORD,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _light(settings, monkeypatch):
    # The same formats with less work: a lock carries its own parameters.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr(locks, "_KIB", 256)


def code_for(page):
    secret = re.search(r'class="mono">([A-Z2-7 ]+)<', page.content.decode())[1].replace(" ", "")
    return secret, format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def fresh_code(secret, step=1):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


@pytest.fixture
def joined(db):
    """A client that has just joined as the first administrator, and the app's secret."""
    client = Client()
    page = client.post(first_link(), JOIN, follow=True)
    assert page.redirect_chain[-1][0] == "/staff/set-up/"
    secret, code = code_for(page)
    page = client.post("/staff/set-up/", {"code": code}, follow=True)
    assert page.redirect_chain[-1][0] == "/staff/account/codes/"
    codes = re.findall(r"<li>(\d{4} \d{4})</li>", page.content.decode())
    return client, secret, codes


def sign_in(secret="", code="", password=PASSWORD, client=None):
    client = client or Client()
    page = client.post("/staff/sign-in/", {"name": "an@home.example", "password": password})
    if page.status_code == 302:
        code = code or fresh_code(secret)
        page = client.post("/staff/sign-in/second/", {"code": code})
    return client, page


def test_it_leads_from_the_link_to_the_first_page(joined):
    client, _, codes = joined
    assert len(codes) == 10
    page = client.get("/staff/")
    assert page.status_code == 200
    assert "An" in page.content.decode()
    assert codes[0] not in client.get("/staff/account/codes/").content.decode()


def test_it_signs_in_with_both_factors_and_unlocks_the_key(joined):
    client, page = sign_in(joined[1])
    assert page.status_code == 302
    assert page.url == "/staff/"
    cookie = client.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == "/staff/"
    request = type("R", (), {"session": client.session, "COOKIES": {COOKIE: cookie.value}})()
    from lachan.members.services import session_key

    assert keypair_from_private(session_key(request)).public == Person.objects.get().public_key


def test_it_keeps_no_private_key_in_clear(joined):
    for row in Session.objects.all():
        assert "AGE-SECRET" not in str(row.get_decoded())
    totp = Authenticator.objects.get(type="totp")
    assert joined[1] not in str(totp.data)


@pytest.mark.parametrize("code", ["", "000000", "x" * 30, "x" * 200])
def test_it_opens_nothing_without_the_second_factor(joined, code):
    client, page = sign_in(code=code or " ")
    assert page.status_code == 422
    assert client.get("/staff/").status_code == 302
    assert client.get("/staff/account/").status_code == 302


@pytest.mark.parametrize("code", ["", "000000", "x" * 200])
def test_it_does_not_finish_setting_up_without_a_factor(db, code):
    client = Client()
    client.post(first_link(), JOIN)
    assert client.post("/staff/set-up/", {"code": code}).status_code == 422
    assert client.get("/staff/").status_code == 302
    assert not Authenticator.objects.exists()


def test_it_offers_no_set_up_to_someone_who_has_a_factor(joined):
    client = Client()
    client.post("/staff/sign-in/", {"name": "an@home.example", "password": PASSWORD})
    assert client.get("/staff/set-up/").url == "/staff/sign-in/"


def test_it_takes_a_recovery_code_once(joined):
    _, page = sign_in(code=joined[2][0])
    assert page.status_code == 302
    _, page = sign_in(code=joined[2][0])
    assert page.status_code == 422


def test_it_takes_an_app_code_once(joined):
    code = fresh_code(joined[1])
    assert sign_in(code=code)[1].status_code == 302
    assert sign_in(code=code)[1].status_code == 422


def test_it_gives_a_link_once(joined):
    assert first_link() is None
    path = AuditEntry.objects.filter(action="invitation.make").count()
    assert path == 1
    assert Client().get("/staff/join/unknown/").status_code == 404


def test_it_pauses_who_guesses_and_not_the_known_browser(joined):
    for _ in range(5):
        assert sign_in(password="wrong-guess-of-words")[1].status_code == 422
    page = sign_in(joined[1])[1]
    assert page.status_code == 422
    known = Client()
    known.cookies["lachan_known"] = joined[0].cookies["lachan_known"].value
    assert sign_in(joined[1], client=known)[1].status_code == 302
    assert not any(b"an@home" in bytes(row.key) for row in SignInPause.objects.all())


def test_it_counts_every_spelling_of_a_name_as_one(joined):
    name = "an@home.example"
    assert len({_pause_key(spelt, "") for spelt in (name, name.upper(), f" {name} ")}) == 1
    assert _pause_key(name, "") == _stranger_key(str(Person.objects.get().uid))


def test_it_keeps_no_row_for_each_name_that_somebody_makes_up(joined, monkeypatch):
    monkeypatch.setattr(sign_in_checks, "STRANGERS_ROWS", 1)
    for number in range(6):
        name = f"made-up-{number}@home.example"
        assert Client().post("/staff/sign-in/", {"name": name, "password": "x"}).status_code == 422
    assert SignInPause.objects.count() == 1
    # The rows of those who exist are among them: else a row that is taken would tell who does not.
    assert sign_in(joined[1])[1].status_code == 422


def test_it_counts_no_try_of_who_finds_no_turn(joined, monkeypatch):
    monkeypatch.setattr(turns, "_queue", threading.Semaphore(0))
    page = Client().post("/staff/sign-in/", {"name": "an@home.example", "password": PASSWORD})
    assert page.status_code == 503
    assert not SignInPause.objects.exists()
    assert joined[0].post("/staff/unlock/", {"password": PASSWORD}).status_code == 503
    assert not SignInPause.objects.exists()


def test_a_hash_takes_a_turn(settings, monkeypatch):
    settings.PASSWORD_HASHERS = project.PASSWORD_HASHERS
    hashed = make_password(PASSWORD)
    assert hashed.startswith("argon2$argon2id$v=19$m=102400,t=2,p=8$")
    monkeypatch.setattr(turns, "_queue", threading.Semaphore(0))
    for ask in (lambda: make_password(PASSWORD), lambda: check_password(PASSWORD, hashed)):
        with pytest.raises(TurnsTaken):
            ask()


@pytest.mark.parametrize(
    "address",
    ["/staff/unlock/", "/staff/account/password/", "/staff/account/codes/"],
)
def test_it_pauses_who_guesses_the_password_in_a_stolen_session(joined, address):
    client, new = joined[0], "other-invented-words-here"
    words = {"password": "wrong", "old": "wrong"}
    if "password" in address:
        words |= {"password": new, "again": new}
    for _ in range(6):
        assert client.post(address, words).status_code == 422
    right = words | {"old": PASSWORD} | ({} if "again" in words else {"password": PASSWORD})
    page = client.post(address, right)
    assert page.status_code == 422
    assert Person.objects.get().check_password(PASSWORD)


VIETNAMESE = "bốn từ lạ viết liền nhau"
SPELLINGS = password_spellings(VIETNAMESE)


@pytest.mark.parametrize(
    ("was", "typed"), list(zip(SPELLINGS, [*SPELLINGS[1:], SPELLINGS[0]], strict=True))
)
def test_it_takes_a_password_in_the_spelling_of_any_keyboard(joined, was, typed):
    person = Person.objects.get()
    private = keypair_new().private
    # As it was hashed before there was one spelling.
    person.password, person.locked_key = make_password(was), locks.lock(private, password=was)
    person.save()
    client, page = sign_in(joined[1], password=typed)
    assert page.url == "/staff/"
    person.refresh_from_db()
    assert check_password(SPELLINGS[0], person.password)
    assert client.post("/staff/unlock/", {"password": was}).status_code == 302
    assert client.get("/staff/").status_code == 200


def test_it_sets_and_changes_a_password_in_one_spelling(joined):
    client = joined[0]
    words = {"old": PASSWORD, "password": SPELLINGS[1], "again": SPELLINGS[-1]}
    assert client.post("/staff/account/password/", words).status_code == 302
    assert check_password(SPELLINGS[0], Person.objects.get().password)
    short = unicodedata.normalize("NFD", "ế" * 11)
    words = {"old": SPELLINGS[2], "password": short, "again": short}
    assert client.post("/staff/account/password/", words).status_code == 422


def test_it_hashes_as_often_for_a_name_that_nobody_has(joined, monkeypatch):
    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher, "encode", lambda *given: hashed.append(1) or encode(*given)
    )
    counts = []
    for name in ("an@home.example", "nobody@home.example"):
        hashed.clear()
        Client().post("/staff/sign-in/", {"name": name, "password": VIETNAMESE})
        counts.append(len(hashed))
    assert counts == [len(SPELLINGS)] * 2


def test_it_ends_a_half_done_sign_in_with_the_password(joined):
    """Who knew the old one must not set up the second factor of the new one."""
    waiting = Client()
    waiting.post("/staff/sign-in/", {"name": "an@home.example", "password": PASSWORD})
    person = Person.objects.get()
    person.set_password("other-invented-words-here")
    person.save()
    Authenticator.objects.all().delete()
    for address in ("/staff/set-up/", "/staff/sign-in/second/"):
        assert waiting.get(address).url == "/staff/sign-in/"


def test_it_pauses_who_guesses_codes(joined):
    client = Client()
    client.post("/staff/sign-in/", {"name": "an@home.example", "password": PASSWORD})
    for _ in range(5):
        client.post("/staff/sign-in/second/", {"code": "123 456"})
    good = client.post("/staff/sign-in/second/", {"code": fresh_code(joined[1])})
    assert good.status_code == 422


def test_it_lets_a_pause_end(joined):
    for _ in range(5):
        sign_in(password="wrong-guess-of-words")
    with held_at(now() + timedelta(minutes=2)):
        assert sign_in(joined[1])[1].status_code == 302


def test_it_says_the_same_for_an_unknown_name(joined):
    known = Client().post("/staff/sign-in/", {"name": "an@home.example", "password": "x"})
    unknown = Client().post("/staff/sign-in/", {"name": "no@home.example", "password": "x"})
    strip = re.compile(rb'value="[^"]*"')
    assert strip.sub(b"", known.content) == strip.sub(b"", unknown.content)


def test_it_does_the_same_work_for_an_unknown_name(joined):
    done = []
    lines = AuditEntry.objects.count()
    for name in ("an@home.example", "no@home.example"):
        with CaptureQueriesContext(connection) as asked:
            Client().post("/staff/sign-in/", {"name": name, "password": "x"})
        done.append([" ".join(query["sql"].split()[:3]) for query in asked])
    marks = re.compile(r"s\d+_x\d+")
    known, unknown = ([marks.sub("", sql) for sql in sqls] for sqls in done)
    ending = {"RELEASE", "ROLLBACK"}
    assert len([s for s in known if s.split()[0] not in ending]) > 6
    assert [s for s in known if s.split()[0] not in ending] == [
        s for s in unknown if s.split()[0] not in ending
    ]
    assert AuditEntry.objects.count() == lines + 1


def test_it_counts_a_try_before_its_answer(db):
    key = bytes(32)
    for _ in range(5):
        try_count(key)
    with pytest.raises(SignInPaused):
        try_count(key)
    assert SignInPause.objects.get().failures == 5
    with held_at(now() + timedelta(seconds=31)):
        try_count(key)
        with pytest.raises(SignInPaused) as told:
            try_count(key)
    assert 59 <= told.value.seconds <= 61
    pause_clear(key)
    try_count(key)


def test_it_destroys_the_key_at_sign_out(joined):
    client = joined[0]
    held = dict(client.session)["key"]
    client.post("/staff/sign-out/")
    assert client.cookies[COOKIE].value == ""
    assert not any(row.get_decoded().get("key") == held for row in Session.objects.all())
    assert client.get("/staff/account/").status_code == 302


def test_it_relocks_the_key_when_the_password_changes(joined):
    client, secret, _ = joined
    other, _ = sign_in(secret)
    fresh = "other-invented-words-now"
    form = {"old": PASSWORD, "password": fresh, "again": fresh}
    assert client.post("/staff/account/password/", form).status_code == 302
    assert client.get("/staff/account/").status_code == 200
    assert other.get("/staff/account/").status_code == 302
    assert sign_in(password=PASSWORD)[1].status_code == 422
    again, page = sign_in(code=joined[2][0], password=fresh)
    assert page.status_code == 302
    assert again.cookies[COOKIE].value


def test_it_refuses_weak_and_unlike_passwords(db):
    path = first_link()
    for password, again in [
        ("short", "short"),
        (PASSWORD, "another"),
        ("password1234", "password1234"),
    ]:
        page = Client().post(path, {**JOIN, "password": password, "again": again})
        assert page.status_code == 422
    assert not Person.objects.exists()


def test_it_unlocks_again_when_the_cookie_is_gone(joined):
    client = joined[0]
    del client.cookies[COOKIE]
    assert client.post("/staff/unlock/", {"password": "wrong"}).status_code == 422
    page = client.post("/staff/unlock/", {"password": PASSWORD, "next": "/staff/account/"})
    assert page.url == "/staff/account/"
    assert client.cookies[COOKIE].value


def test_it_never_leads_elsewhere(joined):
    client = joined[0]
    for goal in ["https://evil.example/", "//evil.example/", "/staff/../../x", "javascript:1"]:
        page = client.post("/staff/unlock/", {"password": PASSWORD, "next": goal})
        assert page.url.startswith("/staff/")


def test_it_keeps_the_last_factor_and_removes_others(joined):
    client = joined[0]
    person = Person.objects.get()
    only = Authenticator.objects.get(type="totp")
    url = f"/staff/account/factors/{only.pk}/remove/"
    assert client.post(url, {"password": PASSWORD}).status_code == 422
    spare = Authenticator.objects.create(user=person, type="webauthn", data={"name": "spare"})
    url = f"/staff/account/factors/{spare.pk}/remove/"
    assert client.post(url, {"password": "wrong"}).status_code == 422
    assert client.post(url, {"password": PASSWORD}).status_code == 302
    assert not Authenticator.objects.filter(pk=spare.pk).exists()


def test_it_ends_other_sessions(joined):
    client, secret, _ = joined
    other, _ = sign_in(secret)
    handle = Session.objects.get(pk=other.session.session_key).handle
    client.post("/staff/account/sessions/end/", {"which": handle})
    assert other.get("/staff/account/").status_code == 302
    assert client.get("/staff/account/").status_code == 200


def test_it_writes_sign_ins_and_failures_to_the_trail(joined):
    sign_in(password="wrong-guess-of-words")
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"person.join", "factor.add", "sign_in.complete", "sign_in.fail"} <= actions
    assert "an@home.example" not in str(list(AuditEntry.objects.values()))


def test_it_bears_a_restore_without_the_instances_secret(joined, settings):
    settings.SECRET_KEY = "another-secret-after-a-restore-of-the-database-alone"
    for code in (fresh_code(joined[1]), joined[2][0]):
        assert sign_in(code=code)[1].status_code == 422


def test_it_leads_a_locked_key_through_the_password_and_back(personas):
    page = personas.administrator.client(unlocked=False).post(
        "/staff/members/desk-key/shares/", {"needed": 2, "total": 3}
    )
    # With what was typed, as every page that refuses.
    assert page.status_code == 403
    assert "/staff/unlock/" in page.content.decode()


def test_it_leads_back_to_the_page_of_a_form(personas):
    page = f"/staff/members/people/{personas.analyst.person.uid}/"
    headers = {"Referer": f"http://testserver{page}"}
    answer = personas.administrator.client(unlocked=False).post(page + "key/", headers=headers)
    assert answer.url == f"/staff/unlock/?next={page}"
    # Signed out too: what the form was sent to answers nobody who comes back to it by its address.
    for referer, goal in ((f"http://testserver{page}", page), ("http://[broken", f"{page}key/")):
        answer = Client().post(f"{page}key/", headers={"Referer": referer})
        assert answer.url == f"/staff/sign-in/?next={goal}"


def test_it_keeps_two_people_apart_in_one_browser(joined):
    client = joined[0]
    boss = Person.objects.get()
    page = client.post(
        f"/staff/members/{boss.organisation.uid}/invite/",
        {"name": "Bình", "email": "binh@home.example", "roles": ["auditor"]},
    )
    path = re.search(r"/staff/join/[\w-]{43}/", page.content.decode())[0]
    held = dict(client.session)["key"]
    form = {"name": "Bình", "password": PASSWORD, "again": PASSWORD}
    assert client.post(path, form).url == "/staff/set-up/"
    assert "_auth_user_id" not in client.session
    assert dict(client.session)["key"] != held
    page = client.get("/staff/set-up/")
    client.post("/staff/set-up/", {"code": code_for(page)[1]})
    assert int(client.session["_auth_user_id"]) == Person.objects.latest("id").pk
