"""What an operator copies: the files in deploy/ stand in the pages word for word, and what reads them takes them."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest
import yaml

from lachan.cli.main import cli
from lachan.country.help_lines import help_line_list
from lachan.kernel.env import NAMES

DEPLOY, HOWTO = Path("deploy"), Path("docs/howto")
UNITS = sorted(DEPLOY.glob("systemd/*.service")) + sorted(DEPLOY.glob("systemd/*.timer"))
QUOTED = re.compile(r"`(deploy/[\w./@-]+)`[^\n`]*:\n\n?```\w*\n(.*?)```\n", re.DOTALL)
# What a page names, and nobody has to read before copying it.
UNQUOTED = {
    "deploy/README.md", "deploy/check_wheel.py", "deploy/nginx/unavailable.html", "deploy/container/check.py",
    "deploy/container/Containerfile.dockerignore",
}  # fmt: skip


def quotes():
    return {
        name: text for page in HOWTO.glob("*.md") for name, text in QUOTED.findall(page.read_text())
    }


def unit(path):
    """A unit's values; systemd joins what stands twice, and none of ours does."""
    found = configparser.ConfigParser(interpolation=None)
    found.optionxform = str
    found.read(path)
    return found


def test_it_says_in_the_pages_what_stands_in_the_files():
    assert {name: text for name, text in quotes().items() if Path(name).read_text() != text} == {}


def test_it_shows_every_file_that_an_operator_copies():
    there = {
        str(path)
        for path in DEPLOY.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert there - UNQUOTED == set(quotes())
    text = "".join(page.read_text() for page in [*HOWTO.glob("*.md"), DEPLOY / "README.md"])
    assert [
        name for name in sorted(there - {"deploy/README.md"}) if Path(name).name not in text
    ] == []


def test_it_names_no_file_that_is_not_there():
    sources = [*Path("docs").rglob("*.md"), *Path("lachan").rglob("*.py"), *DEPLOY.rglob("*.*")]
    named = {n for path in sources for n in re.findall(r"deploy/[\w./@-]+\w", path.read_text())}
    assert [name for name in sorted(named) if not Path(name).exists()] == []


def test_it_sets_only_settings_that_there_are():
    lines = (DEPLOY / "systemd/lachan.env").read_text().splitlines()
    names = {line.partition("=")[0] for line in lines if line and line[0] != "#"}
    compose = yaml.safe_load((DEPLOY / "container/compose.yaml").read_text())
    names |= set(compose["services"]["lachan"]["environment"])
    assert names - NAMES == set()


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_it_runs_commands_that_there_are(path):
    known = cli.list_commands(click.Context(cli))
    text = path.read_text()
    named = set(re.findall(r"lachan@([\w-]+)", text)) - {"service"}
    named |= set(re.findall(r"\.venv/bin/lachan (\w[\w-]*)", text))
    assert named - set(known) == set()


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_it_writes_units_that_can_be_read_without_systemd_too(path):
    """Known sections, every line a comment, a section or an assignment, commands by their whole path."""
    found = unit(path)
    assert {"Unit", "Service", "Timer", "Install"} >= set(found.sections()) >= {"Unit"}
    lines = [line for line in path.read_text().splitlines() if line and line[0] not in "#["]
    assert [
        line
        for line in lines
        if not re.fullmatch(r"[A-Z][A-Za-z]+=.*\S|CapabilityBoundingSet=", line)
    ] == []
    for section in found.sections():
        for key, value in found[section].items():
            if key.startswith("Exec"):
                assert value.startswith("/"), (key, value)
    if path.suffix == ".timer":
        assert path.with_suffix(".service").exists()


def test_it_runs_the_service_without_root_and_alone_in_its_home():
    service = unit(DEPLOY / "systemd/lachan@.service")["Service"]
    env = (DEPLOY / "systemd/lachan.env").read_text()
    assert f"LACHAN_HOME=/var/lib/{service['StateDirectory']}\n" in env
    assert service["User"] == "lachan"
    assert (service["UMask"], service["StateDirectoryMode"]) == ("0077", "0700")
    assert (
        service["CapabilityBoundingSet"] == service["AmbientCapabilities"] == "CAP_NET_BIND_SERVICE"
    )
    assert service["LimitCORE"] == "0"
    assert service["OOMPolicy"] == "continue"  # else one part too large would stop all


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_it_writes_units_that_systemd_takes(tmp_path):
    for path in UNITS:
        shutil.copy(path, tmp_path / path.name.replace("@.", "@up."))
    ran = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *sorted(tmp_path.iterdir())],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = [line for line in ran.stderr.splitlines() if "lachan" in line]
    # The product is not installed where tests run.
    absent = re.compile(r"Command /opt/lachan/\S+ is not executable: No such file or directory$")
    assert [line for line in said if not absent.search(line)] == []


def test_it_runs_a_command_by_hand_with_the_settings_of_the_service(tmp_path):
    me = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    (tmp_path / "lachan").write_text('#!/bin/sh\necho "$LACHAN_HOSTS" "$(umask)" "$@"\n')
    (tmp_path / "lachan").chmod(0o700)
    text = (DEPLOY / "systemd/lachan.sh").read_text()
    for old, new in {
        "/etc/lachan/lachan.env": str((DEPLOY / "systemd/lachan.env").absolute()),
        "/opt/lachan/.venv/bin/lachan": str(tmp_path / "lachan"),
        "= lachan ]": f"= {me} ]",
    }.items():
        assert old in text
        text = text.replace(old, new)
    ran = subprocess.run(
        ["sh", "-c", text, "lachan", "check", "two words"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "report.example 0077 check two words\n"


def test_it_tells_whom_to_call_while_nothing_answers():
    text = (DEPLOY / "nginx/unavailable.html").read_text()
    lines = help_line_list()
    for language in ("vi", "en", "fr"):
        for line in lines:
            assert text.count(f'<a href="tel:{line.number}">') == 3, (language, line.number)
    assert "<script" not in text
    assert "http" not in text


def test_it_gives_a_container_nothing_that_it_does_not_need():
    service = yaml.safe_load((DEPLOY / "container/compose.yaml").read_text())["services"]["lachan"]
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert service["ports"][0].startswith("127.0.0.1:8000:")  # a proxy alone speaks to the pages
    ignored = (DEPLOY / "container/Containerfile.dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "container/Containerfile").read_text(), re.MULTILINE
    )
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    assert {name for names in copied for name in names.split()} == allowed
