"""The golden home that is being opened: what it holds, and hands to try it with."""

import json
import os
from pathlib import Path
from typing import Any

GOLDEN = json.loads(Path(os.environ["GOLDEN"]).read_text("utf-8"))
PAPERS = GOLDEN["papers"]


def someone(name: str) -> Any:
    from tests.golden.home_people import Member

    one = PAPERS["people"][name]
    return Member(one["email"], one["password"], one.get("totp", ""), one.get("codes", []))


def browser(**headers: str) -> Any:
    from django.test import Client

    return Client(headers={"host": "localhost", **headers})


def differs(what: str, found: Any, wanted: Any) -> list[str]:
    return [] if found == wanted else [f"{what}: {found!r} instead of {wanted!r}"]
