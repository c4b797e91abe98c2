"""Secret, database and home belong together, or nothing starts; never is a secret made beside data."""

import dataclasses
import os
import subprocess
import sys

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from click.testing import CliRunner

from lachan.cli.check import Level
from lachan.cli.checks.instance import Instance as Check
from lachan.cli.main import cli
from lachan.config import prepare
from lachan.formats.classification.categories import classification
from lachan.indicators import listing
from lachan.indicators.models import ListingRow
from lachan.kernel.errors import Unavailable
from lachan.kernel.home import home_prepare, secret_new
from lachan.members.services import factor_secrets_open
from lachan.outbox.instance import DatabaseForeign, SecretForeign, instance_claim, instance_verify
from lachan.outbox.models import Instance
from tests.instance import home_copy


@pytest.fixture
def home(settings, tmp_path, monkeypatch):
    settings.LACHAN_HOME = tmp_path
    monkeypatch.setenv("LACHAN_HOME", str(tmp_path))
    home_prepare(tmp_path)
    return tmp_path


def _claim(*, opens=True):
    instance_claim(opens=lambda: opens)


def look(home):
    return Check().look(home, lambda _: None)


@pytest.mark.django_db
def test_it_knows_its_secret_again(home, settings):
    _claim()
    _claim()
    mark = bytes(Instance.objects.get().secret_mark)
    assert settings.SECRET_KEY.encode() not in mark
    assert look(home).level is Level.WELL
    settings.SECRET_KEY = secret_new()
    for refused in (_claim, instance_verify):
        with pytest.raises(SecretForeign, match="kept copy"):
            refused()
    assert bytes(Instance.objects.get().secret_mark) == mark
    assert look(home).level is Level.FAULT
    assert "kept copy" in look(home).way


@pytest.mark.django_db
def test_it_goes_on_under_a_fresh_secret_while_the_former_one_is_known(home, personas, settings):
    TOTP.activate(personas.analyst.person, generate_totp_secret())
    _claim()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = secret_new()
    instance_verify()
    assert factor_secrets_open()
    settings.SECRET_KEY_FALLBACKS = []
    assert not factor_secrets_open()
    with pytest.raises(SecretForeign):
        instance_verify()


@pytest.mark.django_db
def test_it_makes_no_fresh_mark_where_one_was_taken_away(home):
    _claim()
    for take in (lambda: Instance.objects.update(secret_mark=b""), Instance.objects.all().delete):
        take()
        for refused in (instance_verify, _claim):
            with pytest.raises(DatabaseForeign, match="whose it is"):
                refused()
            assert look(home).level is Level.FAULT
        assert not Instance.objects.exclude(secret_mark=b"").exists()


@pytest.mark.django_db
def test_it_knows_its_database_again(home):
    _claim()
    Instance.objects.all().delete()
    for refused in (instance_verify, _claim):
        Instance.objects.all().delete()
        Instance.objects.create(pk=1, seen_at="2026-01-01T00:00Z")
        with pytest.raises(DatabaseForeign, match="DATABASE_URL"):
            refused()
    assert look(home).level is Level.FAULT


@pytest.mark.django_db
def test_it_marks_no_older_database_with_a_secret_that_opens_nothing_of_it(
    home, personas, settings
):
    TOTP.activate(personas.analyst.person, generate_totp_secret())
    assert look(home).level is Level.WELL
    right, settings.SECRET_KEY = settings.SECRET_KEY, secret_new()
    assert look(home).level is Level.FAULT
    with pytest.raises(SecretForeign):
        prepare.database_prepare()
    assert not Instance.objects.exclude(secret_mark=b"").exists()
    settings.SECRET_KEY = right
    prepare.database_prepare()
    assert Instance.objects.exclude(secret_mark=b"").exists()


@pytest.mark.django_db
def test_it_writes_what_open_lists_leave_out_before_anything_serves(home, monkeypatch):
    prepare.database_prepare()
    assert not ListingRow.objects.exists()
    later = dataclasses.replace(classification(), version=2, unlisted=frozenset())
    monkeypatch.setattr(listing, "classification", lambda: later)
    prepare.database_prepare()
    prepare.database_prepare()
    assert listing.payload_read(ListingRow.objects.get().payload).classification == 2


def test_it_makes_no_secret_beside_data(home, settings):
    settings.SECRET_FOUND = None
    with pytest.raises(prepare.SecretMissing, match="kept copy"):
        prepare._secret_expect(is_used=True)
    assert not (home / "secret.key").exists()
    prepare._secret_expect(is_used=False)
    assert (home / "secret.key").read_text().strip() == settings.SECRET_KEY


@pytest.mark.django_db
def test_no_page_is_served_under_another_secret(home, settings, monkeypatch):
    monkeypatch.setattr(prepare.connections, "close_all", lambda: None)
    _claim()
    prepare.secret_expect()
    found, settings.SECRET_FOUND = settings.SECRET_FOUND, None
    with pytest.raises(prepare.SecretMissing):
        prepare.secret_expect()
    settings.SECRET_FOUND, settings.SECRET_KEY = found, secret_new()
    with pytest.raises(SecretForeign):
        prepare.secret_expect()


def test_it_takes_the_secret_of_whoever_was_first(home, settings):
    settings.SECRET_FOUND = None
    (home / "secret.key").write_text("y" * 64)
    prepare._secret_expect(is_used=False)
    assert settings.SECRET_KEY == settings.SECRET_FOUND == "y" * 64


@pytest.mark.parametrize("witness", ["audit-head.json", "instance.id"])
def test_it_begins_no_second_database(home, witness):
    (home / witness).write_text("{}")
    with pytest.raises(Unavailable, match="DATABASE_URL"):
        prepare._database_expect(is_used=False)
    prepare._database_expect(is_used=True)


def lachan(home, *arguments, **settings):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_URL", "LACHAN_"))}
    return subprocess.run(
        [sys.executable, "-m", "lachan", *arguments], cwd=home.parent,
        env={**kept, **settings} | ({"LACHAN_HOME": str(home)} if home.exists() else {}),
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_no_process_starts_beside_data_without_their_secret(tmp_path):
    home = tmp_path / "home"
    home_copy(home)
    assert (home / "instance.id").exists()
    kept = (home / "secret.key").read_text()
    (home / "secret.key").unlink()
    (tmp_path / "empty").touch()
    for settings, words in (
        ({}, "secret-missing"),
        ({"LACHAN_SECRET_KEY_FILE": str(tmp_path / "empty")}, "is empty"),
        ({"LACHAN_SECRET_KEY": secret_new()}, "secret-foreign"),
    ):
        run = lachan(home, "worker", **settings)
        assert run.returncode == 1
        assert words in run.stderr
        assert len(run.stderr.strip().splitlines()) == 1
        assert not (home / "secret.key").exists()
    assert "kept copy" in lachan(home, "doctor").stdout
    assert lachan(home, "admin-link", LACHAN_SECRET_KEY=kept).returncode == 0


@pytest.mark.parametrize(
    "command",
    ["check a.example", "backup b", "admin-link", "recover --email a@b.example x", "import x --category scam", "match a.example", "collection import x --category scam", "doctor"],
)  # fmt: skip
def test_whoever_only_asks_makes_no_home(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LACHAN_HOME")
    (tmp_path / "x").write_text("a.example\n")
    run = CliRunner().invoke(cli, command.split())
    assert run.exit_code in {1, 2}
    assert str(tmp_path / "var") in run.output
    assert "`lachan " in run.output  # a way out
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
