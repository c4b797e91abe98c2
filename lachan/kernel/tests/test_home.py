import multiprocessing
import stat

from lachan.kernel.home import home_prepare, secret_read


def test_it_makes_a_home_for_the_owner_alone(tmp_path):
    home = tmp_path / "new" / "home"
    home_prepare(home)
    home_prepare(home)
    assert (home / "snapshots").is_dir()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_it_makes_one_secret_that_all_processes_share(tmp_path):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        secrets = set(pool.map(secret_read, [tmp_path] * 8))
    assert len(secrets) == 1
    assert len(secrets.pop()) >= 64
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert not list(tmp_path.glob(".secret*"))
