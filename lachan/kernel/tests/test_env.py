"""A setting is what it should be, or the start ends with one line that holds its name and nothing of its value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.kernel import env_kinds as kinds
from lachan.kernel.env import Env, EnvError, settings_unknown

HOSTS = ["report.example", "REPORT.example", ".example.org", "192.0.2.1", "[2001:db8::1]", "*", "xn--bo-dja.example", "localhost"]  # fmt: skip
NO_HOSTS = [
    "https://report.example", "report.example:8000", "report.example/", "*.example.org", "::1", "[::1]:80",
    "a b", "report.example.", "-a.example", "a_b.example", "báo.example", "user@report.example", "..", "192.0.2", "[::1",
]  # fmt: skip
ORIGINS = ["https://report.example", "http://127.0.0.1:8000", "https://[2001:db8::1]:8443", "https://*.report.example"]  # fmt: skip
NO_ORIGINS = [
    "report.example", "https://", "https:/report.example", "https://report.example/", "ftp://report.example",
    "https://report.example:443", "http://report.example:80", "https://u:geheim@report.example", "null", "*",
    "https://report.example:0", "https://report.example:99999", "https://report.example?x", "//report.example",
    "https://báo.example", "https://report.example#x", "https://report.example https://b.example",
]  # fmt: skip
ADDRESSES = {"127.0.0.1:8001": ("127.0.0.1", 8001), "[::1]:1": ("::1", 1), "localhost:0": ("127.0.0.1", 0)}  # fmt: skip
NO_ADDRESSES = ["", "8001", ":8001", "127.0.0.1", "::1:8001", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:-1", "a b:1", "http://127.0.0.1:1", "[::1]", "[::1]x:1"]  # fmt: skip
URLS = ["postgresql://u:p@db.example:5432/lachan?sslmode=verify-full", "postgres:///lachan?host=/run/postgresql", "postgresql://u:p%40ss%2F@h/n"]  # fmt: skip
NO_URLS = [
    "mysql://a/b", "sqlite:///x", "postgresql://u:ge/heim@h/n", "postgresql://u:geheim#x@h/n", "postgresql://u:geheim@h",
    "postgresql://u:geheim@h/", "postgresql://u:geheim@h:port/n", "postgresql://u:geheim@h/n?sslmode=", "postgresql://u:geheim@h/n?sslmode=on",
    "postgresql://u:geheim@h/n?sslmode", "postgresql://u:geheim@[h/n", "postgresql://u:geheim@h/n/m", "u:geheim@h/n",
]  # fmt: skip


MAIL = [
    "", "smtp://localhost:25", "smtps://u:p%40ss%2F@mail.example", "smtp://u:p@10.0.0.1:587", "smtp://[::1]",
]  # fmt: skip
NO_MAIL = [
    "mail.example", "http://mail.example", "smtp://", "smtp://mail.example/x", "smtp://mail.example?x=y",
    "smtp://u@mail.example", "smtp://:p@mail.example", "smtp://mail.example:99999", "smtp://a b", "smtps://u:p@[",
]  # fmt: skip
NO_SENDER = [
    "",
    "x",
    "Lá Chắn",
    "a@b",
    "a@b.example\r\nBcc: c@d.example",
    "<>",
    "é@b.example",
]
NO_CONTACT = [
    "x",
    "mailto:",
    "mailto:x",
    "http://b.example",
    "https://",
    "https://[::1]/",
    "https://b.example/ x",
]
NO_PLACE = [
    "",
    "a.example:0",
    "a.example:x",
    "https://a.example",
    "a.example/x",
    "u@a.example",
    "*",
    "::1",
]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (kinds.host_pattern, HOSTS, NO_HOSTS),
        (kinds.origin, ORIGINS, NO_ORIGINS),
        (kinds.address_port, ADDRESSES, NO_ADDRESSES),
        (kinds.postgresql_url, URLS, NO_URLS),
        (kinds.mail_server, MAIL, NO_MAIL),
        (
            kinds.mail_sender,
            ["a@b.example", "Lá Chắn <a@b.example>", '"L, C" <a@b.example>'],
            NO_SENDER,
        ),
        (
            kinds.contact,
            ["", " mailto:a@b.example", "a@b.example", "https://b.example/x"],
            NO_CONTACT,
        ),
        (
            kinds.host_and_port,
            ["a.example", "A.example:8443", "10.0.0.7:1", "[::1]:8443"],
            NO_PLACE,
        ),
        (kinds.secret, ["x" * 32, " " + "y" * 64 + "\n"], ["", " \t\n", "x" * 31, " " * 64]),
    ],
    ids=["host", "origin", "address", "postgresql", "mail", "sender", "contact", "place", "secret"],
)
def test_it_takes_what_works_and_refuses_what_would_do_nothing(kind, good, bad):
    for text in good:
        kind(text)
    for text in bad:
        with pytest.raises(
            ValueError, match=r"wanted|must start|browsers|port is a|sslmode|ASCII form"
        ):
            kind(text)


def test_it_reads_addresses_and_urls_for_what_they_are():
    assert {text: kinds.address_port(text) for text in ADDRESSES} == ADDRESSES
    parts = kinds.postgresql_url(URLS[2])
    assert (parts["USER"], parts["PASSWORD"], parts["HOST"], parts["NAME"]) == (
        "u",
        "p@ss/",
        "h",
        "n",
    )


def test_it_sends_no_password_in_clear():
    secured = {text: kinds.mail_server(text).security for text in MAIL if text}
    assert list(secured.values()) == ["none", "tls", "starttls", "none"]
    assert kinds.mail_server(MAIL[2]).password == "p@ss/"
    assert "p@ss" not in repr(kinds.mail_server(MAIL[2]))


READERS = {
    "flag": lambda env: env.flag("A", default=True),
    "number": lambda env: env.number("A", 1, high=10),
    "one_of": lambda env: env.one_of("A", "x", ("x",)),
    "host": lambda env: env.each("A", "", kinds.host_pattern),
    "origin": lambda env: env.each("A", "", kinds.origin),
    "address": lambda env: env.parsed("A", "", kinds.address_port),
    "database": lambda env: env.parsed("A", "", kinds.postgresql_url),
    "mail": lambda env: env.parsed("A", "", kinds.mail_server),
    "sender": lambda env: env.parsed("A", "", kinds.mail_sender),
    "contact": lambda env: env.parsed("A", "", kinds.contact),
    "place": lambda env: env.each("A", "", kinds.host_and_port),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@given(
    start=st.sampled_from(["", "https://u:", "postgresql://u:", "[", "1 ", "a,", "h/"]),
    end=st.sampled_from(["", "@h/n", "]", ":1", ",", "#", "?a=b"]),
)
def test_it_says_nothing_of_what_was_set(read, start, end):
    try:
        read(Env({"A": f"{start}Ge Heim_{end}"}))
    except EnvError as error:
        said = str(error)
        assert said.startswith("A")
        assert "eim" not in said.lower()
        assert "\n" not in said


def test_it_takes_no_empty_word_and_no_other_digits():
    for value in ("", " ", "-1", "1_0", "٣", "1.0", "0x1", "11"):
        with pytest.raises(EnvError, match=r"^A must be"):
            Env({"A": value}).number("A", 1, high=10)
    assert Env({"A": " 7 "}).number("A", 1, high=10) == 7
    for value in ("", "2", "ja", "tru"):
        with pytest.raises(EnvError, match=r"^A must be 1 or 0$"):
            Env({"A": value}).flag("A", default=True)


def test_a_flag_stands_first_and_may_be_repeated(tmp_path):
    env = Env({"A_FILE": str(tmp_path), "B": "geheim"}, flags={"A": "maybe"})
    with pytest.raises(EnvError, match=r"^A must be 1 or 0 \(not 'maybe'\)$"):
        env.flag("A", default=True)
    with pytest.raises(EnvError, match=r"^B must be 1 or 0$"):
        env.flag("B", default=True)


def test_it_says_which_word_of_a_list_is_wrong():
    with pytest.raises(EnvError, match=r"^A: number 2 of 3: "):
        Env({"A": "a.example, b c,, d.example"}).each("A", "", kinds.host_pattern)


@pytest.mark.parametrize("content", [b"", b"\n ", b"\xff\xfe\x00", None])
def test_it_refuses_a_file_that_holds_nothing_of_use(tmp_path, content):
    path = tmp_path / "key"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(EnvError, match=r"^A_FILE: the file"):
        Env({"A_FILE": str(path)}).text("A", "")


def test_it_refuses_two_values_for_one_name(tmp_path):
    with pytest.raises(EnvError, match="both"):
        Env({"A": "1", "A_FILE": str(tmp_path)}).text("A")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("LACHAN_HOST", "LACHAN_HOSTS"),
        ("LACHAN_SECRET_FILE", "LACHAN_SECRET_KEY"),
        ("LACHAN_DATABASE_URL", "DATABASE_URL"),
        ("lachan_https", "LACHAN_HTTPS"),
        ("LACHAN_DNS_UPSTREAMS", "LACHAN_DNS_UPSTREAM"),
    ],
)
def test_it_names_the_setting_that_was_meant(name, meant):
    (line,) = settings_unknown(
        {name: "geheim", "LACHAN_HOME": "x", "LACHAN_SECRET_KEY_FILE": "x", "PATH": "x"}
    )
    assert line == f"{name} is no setting and changes nothing; is {meant} meant?"
    assert settings_unknown({"LACHAN_ZZZZZZ": ""}) == [
        "LACHAN_ZZZZZZ is no setting and changes nothing"
    ]


@pytest.mark.parametrize(
    "quote",
    [str, str.lower, str.upper, lambda text: text[:40], lambda text: text[3:20]],
    ids=["whole", "small", "large", "cut", "a part"],
)
def test_it_says_nothing_however_a_parser_quotes_a_value(quote):
    def parse(text):
        raise ValueError(f"it is nobody's: {quote(text)!r}; the nearest is from 1 to 9")

    with pytest.raises(EnvError) as found:
        Env({"A": "Geheim-Wort_0123456789\n'\"" * 3}).parsed("A", "", parse)
    assert str(found.value) == "A: it is nobody's: a word of it; the nearest is from 1 to 9"


def test_it_says_nothing_of_the_environment_even_where_a_parser_does(monkeypatch):
    def parse(text):
        raise ValueError(f"{text.split(',')[0]!r} is no name; nearest of from 1 to 9")

    monkeypatch.setenv("LACHAN_DNS_FORWARD", "hunter2secret,other,1")
    with pytest.raises(EnvError) as found:
        Env().parsed("LACHAN_DNS_FORWARD", "", parse)
    assert "hunter2" not in str(found.value)
    assert "a word of it is no name; nearest of from 1 to 9" in str(found.value)
    with pytest.raises(EnvError, match="hunter2"):
        Env(flags={"LACHAN_DNS_FORWARD": "hunter2"}).parsed("LACHAN_DNS_FORWARD", "", parse)
