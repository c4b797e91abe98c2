"""Schools for tests: a head, classes from a list, teachers with some of them."""

import uuid
from functools import cached_property

from lachan.family import selectors
from lachan.family.granted import school_number
from lachan.family.records import Sort
from lachan.family.services import boards, classes, households
from lachan.family.services.teachers import teacher_set
from lachan.kernel.env_kinds import school_network
from lachan.members.records import PUBLIC

from .families import Gadget, Grown

LIST = "6A,9-11,10.20.6.0/24,2\n7B,12-15,10.20.7.0/24,\n"


class School:
    """What is not asked for is not made."""

    def __init__(self, text: str = LIST) -> None:
        entered = households.household_found(by=PUBLIC, device="Windows", sort=Sort.SCHOOL)
        self.head = Grown(entered.cookie, entered.code)
        self._text = text

    @property
    def number(self) -> str:
        return school_number(self.head.opened.household)

    def granted(self, settings, *networks: str) -> None:
        settings.FAMILY_SCHOOL_NETWORKS = [
            *settings.FAMILY_SCHOOL_NETWORKS,
            *(school_network(f"{one}={self.number}") for one in networks),
        ]

    def takes(self, text: str) -> classes.Plan:
        return classes.classes_take(by=self.head.actor, key=self.head.key, text=text)

    @cached_property
    def classes(self) -> dict[str, uuid.UUID]:
        self.takes(self._text)
        return {one.nickname: one.uid for one in self.listed}

    @property
    def listed(self):
        return selectors.child_list(by=self.head.actor, key=self.head.key)

    def shown(self, name: str):
        by, key = self.head.actor, self.head.key
        return selectors.child_get(by=by, key=key, child=self.classes[name])

    def teacher(self, *names: str) -> Grown:
        """Somebody with these classes."""
        teacher = self.head.invites()
        teacher_set(
            by=self.head.actor,
            adult=teacher.opened.adult.uid,
            manages=False,
            classes=[self.classes[one] for one in names],
        )
        return teacher

    def tablet(self, name: str) -> Gadget:
        """A device of the class, opened for its pages."""
        from lachan.family.services import devices

        head = self.head
        return Gadget(*devices.device_add(by=head.actor, child=self.classes[name], name="máy 1"))

    def board(self, name: str, *, named: bool = False) -> str:
        head = self.head
        return boards.board_make(by=head.actor, key=head.key, child=self.classes[name], named=named)
