"""The table of profiles as the compiled path sees it: where it is in memory, and each rule set as a mask of codes."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from lachan.edge.dns import layout
from lachan.edge.dns.policy import (
    ALLOW,
    BLOCK,
    HELP,
    KNOWN,
    LEDGER,
    SAFE_SEARCH,
    SERVICE,
    UNKNOWN,
    WAY_ROUND,
    Policy,
    family_text,
    policy_of,
)
from lachan.edge.dns.profiles import End, Profiles
from lachan.formats.classification.categories import category_lineage
from lachan.formats.profiles import layout as ly
from lachan.formats.profiles.compiled import numbers
from lachan.formats.profiles.layout import ProfilesCorrupt
from lachan.formats.profiles.mapped import Table
from lachan.formats.profiles.reader import network_lengths
from lachan.formats.profiles.records import RuleSet
from lachan.formats.snapshot.records import Profile

CODES = 64 * layout.CODE_WORDS


class Codes:
    """A number for each code that rules may name: categories, services, ways round."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def mask(self, codes: Iterable[str]) -> list[int] | None:
        """The words of these codes' bits; None where there are more codes than bits."""
        words = [0] * layout.CODE_WORDS
        for code in codes:
            number = self._numbers.setdefault(code, len(self._numbers))
            if number >= CODES:
                return None
            words[number // 64] |= 1 << number % 64
        return words


def entry_kind(policy: Policy, profile: Profile, layer: str, codes: Codes) -> tuple[int, list[int]]:
    """(kind, words of its codes) of what entries share, to profiles at an edge that answers by `policy`."""
    words, kind = [0] * layout.CODE_WORDS, layout.K_PASS
    effect = policy_of(policy, RuleSet()).effect(profile, layer)
    if effect in {ALLOW, HELP}:
        kind = layout.K_HELP if effect == HELP else layout.K_ALLOW
    elif layer in {KNOWN, LEDGER}:
        found = codes.mask(_chosen_by(profile, layer)) if profile.action == "block" else words
        if found is None:
            return UNKNOWN, words
        words = found
        kind = layout.K_CHOSEN if any(words) else layout.K_PASS
    elif effect == BLOCK:
        kind = layout.K_ALWAYS
    if layer == KNOWN and SAFE_SEARCH in profile.categories:
        kind |= layout.K_RESTRICTED
    return kind, words


def _chosen_by(profile: Profile, layer: str) -> set[str]:
    if layer == LEDGER:
        return {code for word in profile.categories for code in category_lineage(word)}
    return {
        WAY_ROUND if word.startswith(WAY_ROUND) else word
        for word in profile.categories
        if word.startswith((SERVICE, WAY_ROUND))
    }


class ProfileRows:
    """`words` say where the table is (`layout.P_…`); brought up to date before each batch by `look`."""

    def __init__(self, profiles: Profiles | None, codes: Codes) -> None:
        self._profiles, self._reader = profiles, profiles.reader if profiles else None
        self._ends = np.zeros((1 << layout.ENDS_BITS, 3), np.int64)
        self._ended: list[End] = []
        self._ended_seen = 0
        self._codes = codes
        self._table: Table | None = None
        self._known, self._kinds = 0, -1
        self._held: list[Any] = []  # what `words` point to must live as long as they do
        self.words = np.zeros(layout.PROFILE_WORDS, np.uint64)
        self.words[layout.P_ENDS] = self._ends.ctypes.data
        self.look()

    def look(self) -> None:
        table = self._reader.current() if self._reader else None
        if table is not self._table:
            self._table, self._known, self._kinds = table, 0, -1
            self.ends_forget()
            self._open(table)
        if table is None:
            return
        if table.word(ly.W_RULE_SETS) != self._known:
            self._learn(table)
        kinds = sum(table.word(ly.W_WAY_KINDS + at) << 64 * at for at in range(4))
        if kinds != self._kinds:
            self._kinds = kinds
            self._lengths(table)

    def ends_forget(self) -> None:
        """Begin the texts of ends anew: another kit holds them now, or the places are another table's."""
        self._ends[:] = 0
        self._ended_seen = 0

    def ends_learn(self, text: Callable[[str], int]) -> None:
        """Take over what the plain path found out of ends; `text` says where words stand."""
        if self._profiles is None:
            return
        ended = self._profiles.ends
        if ended is not self._ended:
            self._ended, self._ended_seen = ended, 0
        while self._ended_seen < len(ended):
            end = ended[self._ended_seen]
            self._ended_seen += 1
            if end.table is self._table and end.place:
                words = family_text((end.why,), end.until or None)
                row = (end.place * 0x9E3779B1 & 0xFFFFFFFF) >> (32 - layout.ENDS_BITS)
                self._ends[row] = end.place, end.looked_until, text(words)

    def _open(self, table: Table | None) -> None:
        if table is None:
            self.words[layout.P_WORDS] = 0
            return
        lay = numbers(table.layout)
        self._masks = np.zeros((0, layout.CODE_WORDS), np.uint64)
        self._marks = np.zeros(0, np.uint8)
        self._held = [lay, table]
        for place, value in (
            (layout.P_WORDS, table.words.ctypes.data),
            (layout.P_SIZE, len(table.words)),
            (layout.P_LAY, lay.ctypes.data),
            (layout.P_K0, table.layout.k0),
            (layout.P_K1, table.layout.k1),
            (layout.P_RULE_SETS, 0),
        ):
            self.words[place] = value

    def _learn(self, table: Table) -> None:
        """Put rule sets that were added since into numbers."""
        count = table.word(ly.W_RULE_SETS)
        found = [self._rule_set(table, number) for number in range(self._known, count)]
        self._masks = np.concatenate([self._masks, np.array([one[0] for one in found], np.uint64)])
        self._marks = np.concatenate([self._marks, np.array([one[1] for one in found], np.uint8)])
        self._known = count
        self.words[layout.P_MASKS] = self._masks.ctypes.data
        self.words[layout.P_MARKS] = self._marks.ctypes.data
        self.words[layout.P_RULE_SETS] = count

    def _rule_set(self, table: Table, number: int) -> tuple[list[int], int]:
        """(words of its codes, marks); a damaged one is left to the plain path, as is one with services that are open
        while everything else is closed.
        """
        nothing = [0] * layout.CODE_WORDS
        try:
            rules = table.rule_set(number)
        except ProfilesCorrupt:
            return nothing, layout.F_ODD
        codes = set(rules.categories) | {f"{SERVICE}{code}" for code in rules.services}
        words = self._codes.mask(codes | ({WAY_ROUND} if rules.ways_round else set()))
        if words is None or (rules.everything and rules.open_services):
            return nothing, layout.F_ODD
        marks = {
            layout.F_EVERYTHING: rules.everything,
            layout.F_PAUSE: rules.everything and rules.why == "pause",
            layout.F_RESTRICTED: rules.safe_search,
            layout.F_ENDS: rules.why != "rules",
        }
        return words, sum(mark for mark, holds in marks.items() if holds)

    def _lengths(self, table: Table) -> None:
        for place, bits in ((layout.P_IPV4, 32), (layout.P_IPV6, 128)):
            lengths = np.zeros(256, np.int64)
            found = network_lengths(table, bits)
            lengths[: len(found)] = found
            self._held.append(lengths)
            self.words[place], self.words[place + 1] = lengths.ctypes.data, len(found)
