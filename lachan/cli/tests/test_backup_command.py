from click.testing import CliRunner

from lachan.cli.main import cli


def test_it_replaces_no_backup_unasked(tmp_path):
    kept = tmp_path / "kept.tar.gz"
    kept.write_bytes(b"an earlier backup")
    done = CliRunner().invoke(cli, ["backup", str(kept)])
    assert done.exit_code == 1
    assert "--force" in done.output
    assert kept.read_bytes() == b"an earlier backup"
