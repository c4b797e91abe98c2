"""Maintenance is planned in the time of the pages, or in one that says its own offset."""

import pytest
from click.testing import CliRunner

from lachan.cli.main import cli
from lachan.kernel.clock import held_at
from lachan.web.maintenance import maintenance_list


@pytest.fixture
def run(tmp_path, settings, monkeypatch):
    from datetime import UTC, datetime

    settings.LACHAN_HOME = tmp_path
    monkeypatch.setattr("lachan.cli.commands.maintenance.django_ready", lambda **_: None)

    def run(*arguments):
        return CliRunner().invoke(cli, ["maintenance", *arguments])

    with held_at(datetime(2026, 12, 1, 3, 0, tzinfo=UTC)):
        yield run


def test_it_plans_lists_and_cancels(run, tmp_path):
    assert run("list").output == "none is planned\n"
    said = run("plan", "2026-12-05T22:00", "--minutes", "45").output
    assert said == "2026-12-05T22:00 until 2026-12-05T22:45\n"
    assert maintenance_list(tmp_path)[0].begins.utcoffset().total_seconds() == 7 * 3600
    assert run("plan", "2026-12-04T15:00+00:00").output.startswith(
        "2026-12-04T22:00 until 2026-12-04T22:30\n"
    )
    assert (
        run("cancel", "2026-12-05T15:00+00:00").output
        == "2026-12-04T22:00 until 2026-12-04T22:30\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [("plan", "tomorrow"), ("plan", "2026-11-01T22:00"), ("cancel", "2026-12-05T22:00")],
)
def test_it_says_what_cannot_be_and_keeps_the_rest(run, arguments):
    run("plan", "2026-12-09T22:00")
    found = run(*arguments)
    assert found.exit_code != 0
    assert found.output
    assert run("list").output.count("until") == 1
