"""Run in processes of their own: numba reads its settings once."""

import os
import subprocess
import sys
from pathlib import Path

CODE = "import lachan.kernel.jit as j, os; print(j.jit_cache_prepare()); import numba; print(numba.config.CACHE_DIR)"


def chosen(**environment):
    env = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"} | environment
    shown = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env=env
    ).stdout.split()
    assert shown[0] == shown[1]
    return Path(shown[0])


def test_it_keeps_compiled_code_by_the_digest_of_its_sources():
    from lachan.kernel import jit

    assert chosen().name == f"numba-{jit.sources_digest()}"


def test_it_follows_the_environment(tmp_path):
    assert chosen(NUMBA_CACHE_DIR=str(tmp_path)) == tmp_path


def test_it_finds_another_place_where_the_package_is_read_only(tmp_path, monkeypatch):
    from lachan.kernel import jit

    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("LACHAN_HOME", str(tmp_path))
    monkeypatch.setattr(
        jit, "_writable", lambda path: tmp_path in path.parents and path.mkdir(parents=True) is None
    )
    assert jit.jit_cache_prepare().parent == tmp_path / "run"
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setattr(jit, "_writable", lambda _: False)
    alone = jit.jit_cache_prepare()
    assert alone.stat().st_mode & 0o077 == 0
    alone.rmdir()
