"""Settings from the environment, read once at start; a bad value stops the start with one clear line."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


class EnvError(SystemExit):
    """A setting cannot be used; the process ends with the message and status 1."""


class Env:
    """Reads and checks variables.

    Secrets may come from a file instead: `NAME_FILE=/run/secrets/name` (containers and systemd mount
    secrets as files). Every name that is asked for is remembered in `asked`, so that a test can hold
    docs/howto/settings.md to the code.
    """

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = os.environ if values is None else values
        self.asked: set[str] = set()

    def text(self, name: str, default: str | None = None) -> str:
        self.asked.add(name)
        if (path := self._values.get(f"{name}_FILE")) is not None:
            try:
                return Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise EnvError(f"{name}_FILE: cannot read {path}: {error.strerror}") from None
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
        raise EnvError(f"{name} must be 1 or 0, not {value!r}")

    def number(self, name: str, default: int, *, low: int = 0, high: int = 2**31) -> int:
        text = self.text(name, str(default))
        try:
            value = int(text)
        except ValueError:
            raise EnvError(f"{name} must be a whole number, not {text!r}") from None
        if not low <= value <= high:
            raise EnvError(f"{name} must be between {low} and {high}, not {value}")
        return value

    def one_of(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise EnvError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
        return value

    def listed(self, name: str, default: str = "") -> list[str]:
        """Comma-separated words, blanks dropped."""
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def parsed(self, name: str, default: str, parse: Callable[[str], T]) -> T:
        """Whatever `parse` makes of the text; its ValueError becomes the message."""
        try:
            return parse(self.text(name, default))
        except ValueError as error:
            raise EnvError(f"{name}: {error}") from None
