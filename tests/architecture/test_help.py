"""Every command shows how it is called, and what it shows can be typed as it stands."""

import re
import shlex

import click
import pytest
from click.testing import CliRunner

from lachan.cli.main import cli
from lachan.edge.dns import settings as dns
from lachan.edge.matching import settings as matching
from lachan.edge.metrics import __main__ as metrics

# These hand what follows to a parser of their own.
PARSERS = {
    "dns": dns.parser_make,
    "match-server": matching.parser_make,
    "metrics": metrics.parser_make,
}


def commands(group=cli, path=()):
    """Every command by its words, groups too."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


COMMANDS = dict(commands())


def shown(path):
    """What `--help` prints."""
    run = CliRunner().invoke(cli, [*path, "--help"], prog_name="lachan")
    assert run.exit_code == 0, run.output
    return run.output


def examples(text):
    """The words after each `lachan` of the lines that can be typed, without what explains them."""
    for line in text.splitlines():
        if re.match(r"\s*(?:[A-Z_]+=\S+ )*lachan ", line):
            typed = re.split(r"(?<=\S) {2,}", line.strip())[0]
            for part in typed.split(" | "):
                words = shlex.split(re.split(r" [<>] ", part)[0], comments=True)
                if "lachan" in words:
                    yield words[words.index("lachan") + 1 :]


def parsed(words):
    """The path of the command that takes these words, each option and each value.

    Raises:
        click.UsageError: none does.
    """
    path, command = (), cli
    while isinstance(command, click.Group):
        if (*path, *words[:1]) not in COMMANDS.keys() - {path}:
            raise click.UsageError(f"no such command: {' '.join(path)} {words[:1]}")
        path, words = (*path, words[0]), words[1:]
        command = COMMANDS[path]
    if path[0] in PARSERS:
        try:
            PARSERS[path[0]]().parse_args(words)
        except SystemExit as error:
            raise click.UsageError(f"{path[0]} takes no {words}") from error
        return path
    context = click.Context(command)
    given, rest, _ = command.make_parser(context).parse_args(words)
    if rest:
        raise click.UsageError(f"too much: {rest}")
    for parameter in command.params:
        value = given.get(parameter.name)
        if parameter.required and parameter.value_is_missing(value):
            raise click.UsageError(f"{parameter.name} is missing")
        # Files of an example need not be there.
        if not (
            parameter.value_is_missing(value) or isinstance(parameter.type, click.Path | click.File)
        ):
            parameter.type_cast_value(context, value)
    return path


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_it_shows_examples_that_can_be_typed(path):
    named = [parsed(words) for words in examples(shown(path))]
    # Of a group, one of its commands.
    assert path in {each[: len(path)] for each in named}


@pytest.mark.parametrize(
    "words",
    [
        "chekc x",
        "collection",
        "collection shwo",
        "check",
        "check x --jsn",
        "doctor x",
        "match x --radius near",
        "dns --listne x",
        "dns --answer maybe",
        "maintenance plan x --minutes 0",
        "backup",
    ],
)
def test_what_no_command_takes_is_no_example(words):
    with pytest.raises(click.UsageError):
        parsed(words.split())


def test_it_reads_an_example_as_it_is_typed():
    text = """
    Usage: lachan x
      lachan hash ~/Pictures > list.csv
      LACHAN_HOME=/srv/a lachan heads | lachan match - < b   # and why
      lachan check "0912 345 678"     a number
    """
    assert list(examples(text)) == [
        ["hash", "~/Pictures"], ["heads"], ["match", "-"], ["check", "0912 345 678"],
    ]  # fmt: skip
