"""Families for tests: a household with an adult's browser, a child, and a device of the child's."""

import dataclasses
import re
import uuid
from functools import cached_property
from typing import Any

from django.test import Client

from lachan.family import selectors
from lachan.family.entry import OpenDevice, OpenHousehold, adult_session_find, device_session_find
from lachan.family.labels import rules_of
from lachan.family.middleware import ADULT_COOKIE, CHILD_COOKIE
from lachan.family.records import AskKind, Band
from lachan.family.services import asks, children, devices, households
from lachan.members.records import PUBLIC, Actor

QUIET = "câu này chỉ trong nhà biết"


@dataclasses.dataclass
class Grown:
    """An adult: a cookie, and the code that was shown."""

    cookie: str
    code: str = ""

    @property
    def opened(self) -> OpenHousehold:
        found = adult_session_find(self.cookie)
        assert found is not None
        return found

    @property
    def actor(self) -> Actor:
        return self.opened.actor

    @property
    def key(self) -> str:
        return self.opened.key

    def client(self, **more: Any) -> Client:
        client = Client(**more)
        client.cookies[ADULT_COOKIE] = self.cookie
        return client

    def invites(self) -> "Grown":
        token = households.adult_invite(by=self.actor, key=self.key)
        entered = households.adult_join(by=PUBLIC, token=token, device="iPhone")
        return Grown(entered.cookie, entered.code)


@dataclasses.dataclass
class Gadget:
    """A child's device: its row's uid, and its cookie once the child's pages were opened on it."""

    uid: uuid.UUID
    token: str

    @cached_property
    def cookie(self) -> str:
        return devices.device_join(by=PUBLIC, token=self.token)

    @property
    def opened(self) -> OpenDevice:
        found = device_session_find(self.cookie)
        assert found is not None
        return found

    @property
    def actor(self) -> Actor:
        return self.opened.actor

    def client(self, **more: Any) -> Client:
        client = Client(**more)
        client.cookies[CHILD_COOKIE] = self.cookie
        return client

    def asks(self, site: str = "", reason: str = "") -> None:
        kind = AskKind.SITE if site else AskKind.TIME
        asks.ask_make(by=self.actor, kind=kind, site=site, reason=reason)


class Family:
    """A household; what is not asked for is not made."""

    def __init__(self, nickname: str = "Bống", band: Band = Band.FROM_9) -> None:
        entered = households.household_found(by=PUBLIC, device="Android")
        self.adult = Grown(entered.cookie, entered.code)
        self._nickname, self._band = nickname, band

    @cached_property
    def child(self) -> uuid.UUID:
        return children.child_add(
            by=self.adult.actor, nickname=self._nickname, band=self._band, note=QUIET,
            rules=rules_of(self._band),
        )  # fmt: skip

    @cached_property
    def device(self) -> Gadget:
        return Gadget(
            *devices.device_add(by=self.adult.actor, child=self.child, name="máy của Bống")
        )

    @property
    def shown(self) -> Any:
        return selectors.child_get(by=self.adult.actor, key=self.adult.key, child=self.child)

    @property
    def waiting(self) -> list[Any]:
        return selectors.ask_list(by=self.adult.actor, key=self.adult.key)


def digits_of(html: str) -> str:
    """The code that a page shows."""
    return "".join(re.findall(r"<span>(\d{4})</span>", html))
