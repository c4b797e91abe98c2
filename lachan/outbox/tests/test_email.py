"""E-mail that says there is something new, and nothing else."""

from datetime import timedelta

import pytest

from lachan.kernel.env_kinds import mail_server
from lachan.outbox import selectors
from lachan.outbox.records import MailNote, Urgency
from lachan.outbox.ways.way import AddressUnusable, Came, Parcel, PayloadUnusable, ways
from tests.mail_server import MailServer

WAY = ways()["email"]
TO = "mot.nguoi@shield.example"


@pytest.fixture
def server(settings):
    with MailServer() as found:
        settings.MAIL_SERVER = mail_server(found.url)
        settings.MAIL_FROM = ("Lá Chắn", "no-reply@shield.example")
        settings.ALLOWED_HOSTS = ["shield.example"]
        yield found


def note(**facts):
    known = {"language": "vi", "link": "https://shield.example/family/"}
    return MailNote(**known | facts)


def parcel(payload=None):
    facts = {"urgency": Urgency.NORMAL, "ttl": timedelta(hours=1), "mark": b"m" * 16}
    return Parcel(address=TO, payload=payload or note().payload(), **facts)


@pytest.mark.parametrize(
    ("language", "words"),
    [("vi", "Có tin mới"), ("en", "There is something new"), ("fr", "Il y a du nouveau")],
)
def test_it_says_that_there_is_something_new_and_where(server, language, words):
    assert WAY.send(parcel(note(language=language).payload())).came is Came.SENT
    (letter,) = server.letters
    assert (letter.sender, letter.to) == ("no-reply@shield.example", [TO])
    read = letter.letter
    assert read.get_content_type() == "text/plain"
    assert not read.is_multipart()
    text = read.get_content()
    assert words in text
    assert "https://shield.example/family/" in text
    assert str(read["From"]) == "Lá Chắn <no-reply@shield.example>"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["Date"]
    assert read["Message-ID"] == f"<{'6d' * 16}@shield.example>"
    assert "List-Unsubscribe" not in read
    # The machine's own name is nobody's affair.
    assert server.greeted == ["shield.example"]


def test_one_click_ends_them(server):
    link = "https://shield.example/family/quiet/abc"
    WAY.send(parcel(note(unsubscribe=link).payload()))
    read = server.letters[0].letter
    assert read["List-Unsubscribe"] == f"<{link}>"
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in read.get_content()


@pytest.mark.parametrize(
    ("says", "came", "error"),
    [
        ({"RCPT": "550 5.1.1 no such user"}, Came.GONE, "Smtp550"),
        ({"RCPT": "553 no mailbox"}, Came.GONE, "Smtp553"),
        ({"RCPT": "552 5.2.2 full"}, Came.LATER, "Smtp552"),
        ({"RCPT": "550 5.2.2 full"}, Came.LATER, "Smtp550"),
        ({"RCPT": "450 4.7.1 greylisted"}, Came.LATER, "Smtp450"),
        ({"RCPT": "550 5.7.1 not from there"}, Came.REFUSED, "Smtp550"),
        ({"DATA": "554 5.7.1 looks like spam"}, Came.REFUSED, "Smtp554"),
        ({"DATA": "451 try again"}, Came.LATER, "Smtp451"),
        ({"MAIL": "550 who are you"}, Came.LATER, "Smtp550"),
        ({"EHLO": "554 no", "HELO": "554 no"}, Came.LATER, "Smtp554"),
        # What goes wrong with a goodbye takes back nothing: it would be sent twice.
        ({"QUIT": "421 too late"}, Came.SENT, ""),
    ],
)
def test_it_knows_what_an_answer_means(server, says, came, error):
    server.says = says
    tried = WAY.send(parcel())
    assert (tried.came, tried.error) == (came, error)
    assert len(server.letters) == (came is Came.SENT)


def test_a_server_that_is_not_there_is_tried_again(server, settings):
    settings.MAIL_SERVER = mail_server("smtp://127.0.0.1:1")
    assert WAY.send(parcel()).came is Came.LATER


def test_it_is_off_unless_set(settings):
    assert settings.MAIL_SERVER is None
    assert not selectors.way_is_on("email")
    assert WAY.send(parcel(note(link="http://localhost/").payload())).came is Came.LATER


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" Mot.Nguoi@Shield.EXAMPLE\n", "Mot.Nguoi@shield.example"),
        ("a+b_c-d@ví-dụ.vn", "a+b_c-d@xn--v-d-rma6749a.vn"),
        ("o'hara@a.b.example", "o'hara@a.b.example"),
    ],
)
def test_it_reads_addresses(text, address):
    assert WAY.address_read(text) == address
    assert WAY.address_read(address) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "a",
        "a@",
        "@shield.example",
        "a@b",
        "a b@shield.example",
        "a@shield.example\r\nBcc: b@shield.example",
        "a@shield.example, b@shield.example",
        "a\n@shield.example",
        '"a b"@shield.example',
        "Tên <a@shield.example>",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        ".a@shield.example",
        "a.@shield.example",
        "a..b@shield.example",
        "tên@shield.example",
        "a@b@shield.example",
        "a" * 65 + "@shield.example",
        "a@" + "b" * 64 + ".example",
        "a@" + "bbbbbbbb." * 30 + "example",
        "a\0@shield.example",
    ],
)
def test_it_takes_nothing_that_is_no_address(text):
    with pytest.raises(AddressUnusable, match=r"^no e-mail address$"):
        WAY.address_read(text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"link": "https://evil.example/family/"},
        {"link": "https://shield.example@evil.example/"},
        {"link": "javascript:alert(1)"},
        {"link": "https://shield.example/\r\nBcc: b@shield.example"},
        {"link": "https://shield.example/ x"},
        {"link": "https://shield.example/" + "x" * 800},
        {"link": ""},
        {"unsubscribe": "https://evil.example/"},
        {"language": "xx"},
    ],
)
def test_it_carries_nothing_but_a_note(settings, wrong):
    settings.ALLOWED_HOSTS = ["shield.example"]
    WAY.payload_check(note().payload())
    for payload in (
        note(**wrong).payload(),
        b"",
        b"words",
        b"{}",
        note().payload()[:-1] + b',"a":1}',
    ):
        with pytest.raises(PayloadUnusable):
            WAY.payload_check(payload)
