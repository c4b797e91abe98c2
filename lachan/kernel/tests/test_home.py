import multiprocessing
import stat
from pathlib import Path

import pytest

from lachan.kernel.env import EnvError
from lachan.kernel.errors import Unavailable
from lachan.kernel.home import (
    SecretUnusable,
    home_holds_instance,
    home_path,
    home_prepare,
    secret_find,
    secret_keep,
    secret_new,
)


def _begin(home: Path) -> str:
    return secret_keep(home, secret_new())


def test_it_makes_a_home_for_the_owner_alone(tmp_path):
    home = tmp_path / "new" / "home"
    home_prepare(home)
    home_prepare(home)
    assert (home / "snapshots").is_dir()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_it_makes_one_secret_that_all_processes_share(tmp_path):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        secrets = set(pool.map(_begin, [tmp_path] * 8))
    assert len(secrets) == 1
    assert len(secrets.pop()) >= 64
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert not list(tmp_path.glob(".secret*"))


@pytest.mark.parametrize("content", [b"", b" \n", b"short", b"x" * 31, b"\xff" * 64])
def test_it_takes_nothing_else_for_a_secret(tmp_path, content):
    assert secret_find(tmp_path) is None
    (tmp_path / "secret.key").write_bytes(content)
    with pytest.raises(SecretUnusable) as error:
        secret_find(tmp_path)
    assert "short" not in str(error.value).replace("cut short", "")
    assert (tmp_path / "secret.key").read_bytes() == content


def test_it_takes_no_folder_for_a_secret(tmp_path):
    (tmp_path / "secret.key").mkdir()
    with pytest.raises(SecretUnusable):
        secret_find(tmp_path)


@pytest.mark.parametrize("value", ["", " ", "~/lachan", __file__])
def test_it_takes_nothing_else_for_a_home(monkeypatch, value):
    monkeypatch.setenv("LACHAN_HOME", value)
    with pytest.raises(EnvError, match="LACHAN_HOME"):
        home_path()


def test_it_says_why_a_home_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="cannot be made"):
        home_prepare(tmp_path / "file" / "home")


def test_it_knows_a_home_in_which_nothing_has_begun(tmp_path):
    assert not home_holds_instance(tmp_path / "no")
    home_prepare(tmp_path)
    assert not home_holds_instance(tmp_path)
    (tmp_path / "secret.key").touch()
    assert home_holds_instance(tmp_path)
