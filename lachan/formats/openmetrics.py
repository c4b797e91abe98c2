"""OpenMetrics text: numbers as monitoring systems fetch them (OpenMetrics 1.0, https://prometheus.io/docs/specs/om/)."""

import dataclasses
import re
from collections.abc import Iterable
from typing import Literal

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")
_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_INFINITE = {float("inf"): "+Inf", float("-inf"): "-Inf"}

Labels = dict[str, str]


@dataclasses.dataclass(kw_only=True)
class Family:
    """All samples of one name.

    Attributes:
        help: one sentence.
        samples: labels and value of each; of a counter the number since its process began.
        buckets: of a histogram: labels, and how many lay at or below each bound, the last of which is infinite.
    """

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    help: str
    samples: list[tuple[Labels, float]] = dataclasses.field(default_factory=list)
    buckets: list[tuple[Labels, list[tuple[float, int]]]] = dataclasses.field(default_factory=list)

    def add(self, value: float, **labels: str) -> None:
        self.samples.append((labels, value))


def rendered(families: Iterable[Family]) -> bytes:
    """The whole text; families without a sample are left out.

    Raises:
        ValueError: a name cannot be one, or stands twice.
    """
    lines: list[str] = []
    names: set[str] = set()
    for family in families:
        if not _NAME.match(family.name) or family.name in names:
            raise ValueError(f"{family.name} cannot be a family's name here")
        names.add(family.name)
        if rows := _rows(family):
            lines += [
                f"# TYPE {family.name} {family.kind}",
                f"# HELP {family.name} {_escaped(family.help)}",
                *rows,
            ]
    return "\n".join([*lines, "# EOF", ""]).encode()


def _rows(family: Family) -> list[str]:
    ending = "_total" if family.kind == "counter" else ""
    rows = [
        f"{family.name}{ending}{_labels(labels)} {_number(value)}"
        for labels, value in family.samples
    ]
    for labels, bounds in family.buckets:
        rows += [
            f"{family.name}_bucket{_labels(labels | {'le': _number(float(bound))})} {count}"
            for bound, count in bounds
        ]
    return rows


def _labels(labels: Labels) -> str:
    said = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{said}}}" if said else ""


def _escaped(text: str) -> str:
    return text.translate(_ESCAPED)


def _number(value: float) -> str:
    return _INFINITE.get(value) or repr(value)
