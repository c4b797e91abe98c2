"""The guard's rules as they are declared: a folder each in data/rules/, found by itself.

`rule.json` holds what people read of the rule, and what it means for names below; lists of what it guards may
lie beside it (`loading`). The folder's name is the rule's code.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import msgspec


class DeclaredRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Attributes:
    said: a sentence in each language, for who decides whether to publish all the same.
    short: a few words of the same, for who proposes.
    shared: whether strangers have the names below: that the host is well known says nothing of them.
    """

    said: Mapping[str, str]
    short: Mapping[str, str]
    shared: bool = False


@cache
def guard_rules() -> dict[str, DeclaredRule]:
    """Every rule by its code."""
    return {
        folder.name: msgspec.json.decode(
            folder.joinpath("rule.json").read_bytes(), type=DeclaredRule
        )
        for folder in sorted(_folder().iterdir(), key=lambda each: each.name)
    }


def rule_lists() -> list[dict[str, Any]]:
    """What lies beside the rules, in the order of their codes and of the files' names."""
    found = (
        file
        for code in guard_rules()
        for file in sorted(_folder().joinpath(code).iterdir(), key=lambda each: each.name)
        if file.name.endswith(".json") and file.name != "rule.json"
    )
    return [json.loads(file.read_text("utf-8")) for file in found]


def _folder() -> Any:
    return resources.files("lachan.formats.guard").joinpath("data", "rules")
