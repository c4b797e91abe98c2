"""Settings from the environment, read once at start; a bad value stops the start with one clear line.

No line repeats what stands in the environment: it may be a secret, or a secret put in the wrong place.
"""

import difflib
import os
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from lachan.kernel.bounds import number_read

T = TypeVar("T")
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
_LONGEST_FILE = 1 << 20
# As repr() writes a text; an apostrophe within a word begins none.
_QUOTED = re.compile(r"(?<!\w)(?:'(?:[^'\\]|\\.)*'" r'|"(?:[^"\\]|\\.)*")')

NAMES = frozenset({
    "DATABASE_URL", "LACHAN_BUSY_PER_MINUTE", "LACHAN_COUNTRY", "LACHAN_DEBUG", "LACHAN_DNS_ANSWER", "LACHAN_DNS_APPEAL",
    "LACHAN_DNS_BLOCK_CATEGORIES", "LACHAN_DNS_BLOCK_TTL", "LACHAN_DNS_CACHE_MB", "LACHAN_DNS_CANARIES",
    "LACHAN_DNS_CERTIFICATE", "LACHAN_DNS_EDE", "LACHAN_DNS_FORWARD", "LACHAN_DNS_HTTPS_LISTEN",
    "LACHAN_DNS_HTTPS_PORT", "LACHAN_DNS_KEY", "LACHAN_DNS_LISTEN", "LACHAN_DNS_NAME", "LACHAN_DNS_PAGE",
    "LACHAN_DNS_TLS_LISTEN", "LACHAN_DNS_TLS_PORT", "LACHAN_DNS_UPSTREAM", "LACHAN_HOME", "LACHAN_HOSTS",
    "LACHAN_HTTPS", "LACHAN_LOG_LEVEL", "LACHAN_MAIL_FROM", "LACHAN_MAIL_URL", "LACHAN_MATCH_LISTEN",
    "LACHAN_MATCH_PER_DAY", "LACHAN_MATCH_PER_MINUTE", "LACHAN_MATCH_SHARD", "LACHAN_MATCH_WORKERS",
    "LACHAN_METRICS_LISTEN", "LACHAN_ORIGINS", "LACHAN_PUSH_CONTACT", "LACHAN_PUSH_SERVICES",
    "LACHAN_SCHOOL_NETWORKS", "LACHAN_SECRET_KEY",
})  # fmt: skip
"""Every setting of every process (docs/howto/settings.md). `settings_unknown` names what is none of them."""

# What the product's own processes, tests and benchmarks tell one another.
_INTERNAL = frozenset({
    "LACHAN_BENCH_PEERS", "LACHAN_MATCH_MASTER", "LACHAN_SHOTS", "LACHAN_SUPERVISED", "LACHAN_TEST_DB",
    "LACHAN_WEB_MASTER", "LACHAN_WEB_THREADS",
})  # fmt: skip


class EnvError(SystemExit):
    """A setting cannot be used; the process ends with the message and status 1."""


class Env:
    """Reads and checks variables.

    Each may come from a file instead: `NAME_FILE=/run/secrets/name` (containers and systemd mount secrets
    as files). Every name that is asked for is remembered in `asked`, so that a test can hold
    docs/howto/settings.md and `NAMES` to the code.
    """

    def __init__(
        self, values: Mapping[str, str] | None = None, *, flags: Mapping[str, str] | None = None
    ) -> None:
        """`flags`, of a command by the setting's name, stand first; everybody may see them, so messages do."""
        self._flags = flags or {}
        given = os.environ if values is None else values
        # Not copied where nothing stands before it: each wake-up asks where the home is.
        self._values: Mapping[str, str] = given
        if self._flags:
            self._values = {
                name: value
                for name, value in given.items()
                if name.removesuffix("_FILE") not in self._flags
            } | dict(self._flags)
        self.asked: set[str] = set()

    def is_set(self, name: str) -> bool:
        """Whether a value is given, here or in a file; an empty one is a value."""
        return name in self._values or f"{name}_FILE" in self._values

    def text(self, name: str, default: str | None = None) -> str:
        self.asked.add(name)
        if (path := self._values.get(f"{name}_FILE")) is not None:
            if name in self._values:
                raise EnvError(f"{name} and {name}_FILE are both set: leave one of them out")
            return _file_read(name, path)
        value = self._values.get(name, default)
        if value is None:
            raise EnvError(f"{name} must be set: see docs/howto/settings.md")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.text(name, "1" if default else "0").strip().lower()
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
        raise self._unusable(name, " must be 1 or 0")

    def number(self, name: str, default: int, *, low: int = 0, high: int = 2**31) -> int:
        number = number_read(self.text(name, str(default)).strip(), low=low, high=high)
        if number is None:
            raise self._unusable(name, f" must be a whole number between {low} and {high}")
        return number

    def one_of(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(name, default).strip()
        if value not in choices:
            raise self._unusable(name, f" must be one of {', '.join(choices)}")
        return value

    def listed(self, name: str, default: str = "") -> list[str]:
        """Comma-separated words, blanks dropped."""
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def parsed(self, name: str, default: str, parse: Callable[[str], T]) -> T:
        """Whatever `parse` makes of the text; its ValueError, which must not quote it, becomes the message."""
        try:
            return parse(self.text(name, default))
        except ValueError as error:
            says = str(error) if name in self._flags else _unquoted(str(error))
            raise self._unusable(name, f": {says}") from None

    def _unusable(self, name: str, says: str) -> EnvError:
        given = f" (not {self._flags[name]!r})" if name in self._flags else ""
        return EnvError(f"{name}{says}{given}")

    def each(self, name: str, default: str, parse: Callable[[str], T]) -> list[T]:
        """What `parse` makes of each of the comma-separated words; the message says which of them is wrong."""
        return self.parsed(name, default, lambda text: _each(text.split(","), parse))


def _unquoted(says: str) -> str:
    """A message without what it quotes: a secret may have got into the wrong setting, and a parser may quote it
    cut short or in small letters.
    """
    return _QUOTED.sub("a word of it", says)


def _file_read(name: str, path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123  Path("") is the present folder
            text = file.read(_LONGEST_FILE)
    except OSError as error:
        raise EnvError(f"{name}_FILE: the file cannot be read: {error.strerror}") from None
    except ValueError:
        raise EnvError(f"{name}_FILE: the file is no text") from None
    if not text.strip():
        raise EnvError(f"{name}_FILE: the file is empty")
    return text.strip()


def _each(words: list[str], parse: Callable[[str], T]) -> list[T]:
    filled, found = [word.strip() for word in words if word.strip()], []
    for number, word in enumerate(filled, 1):
        try:
            found.append(parse(word))
        except ValueError as error:
            which = f"number {number} of {len(filled)}: " if len(filled) > 1 else ""
            raise ValueError(f"{which}{error}") from None
    return found


def settings_unknown(values: Mapping[str, str] | None = None) -> list[str]:
    """A line for each name that looks like a setting of ours and is none, with the nearest that is one."""
    lines = []
    for name in sorted(os.environ if values is None else values):
        plain = name.removesuffix("_FILE")
        if not name.upper().startswith("LACHAN_") or name in _INTERNAL or plain in NAMES:
            continue
        near = difflib.get_close_matches(plain.upper(), sorted(NAMES), 1, 0.6)
        meant = f"; is {near[0]} meant?" if near else ""
        lines.append(f"{name} is no setting and changes nothing{meant}")
    return lines
