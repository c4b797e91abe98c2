"""Whether rules and overrides name what there is, and open what is blocked: asked when a parent sets them."""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from lachan.formats.profiles.encoding import rules_grouped
from lachan.formats.profiles.rules import OVERRIDES_LIMIT, InvalidRules, Override, Rules

Groups = Mapping[str, frozenset[str]]


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What rules may name.

    Attributes:
        categories: codes of the exchange's.
        services: codes.
        groups: of services, by code.
    """

    categories: Collection[str]
    services: Collection[str]
    groups: Groups


def rules_check(rules: Rules, known: Known) -> None:
    """Look at rules before they are kept.

    Raises:
        InvalidRules: a code is unknown, or a slot opens what is not always blocked.
    """
    _codes_check(rules.services, rules.categories, known)
    for slot in rules.slots:
        _codes_check(slot.services, slot.categories, known)
    if rules.budget:
        _codes_check(rules.budget.services, frozenset(), known)
    plain = rules_grouped(rules, known.groups)
    for slot in plain.slots:
        if slot.effect == "open":
            _narrower_check(slot.categories, plain.categories)
            shut = {code for code in slot.categories if not _at_or_below(code, plain.categories)}
            if unblocked := shut | (slot.services - plain.services):
                raise InvalidRules(f"{_named(unblocked)}: a slot opens only what is always blocked")


def overrides_check(overrides: Sequence[Override], rules: Rules, known: Known) -> None:
    """Look at overrides before they are kept. To open what is not blocked is no fault: bedtime may come soon.

    Raises:
        InvalidRules: there are too many, a code is unknown, or a category is opened that is blocked with a wider one.
    """
    if len(overrides) > OVERRIDES_LIMIT:
        raise InvalidRules(f"at most {OVERRIDES_LIMIT} at once: end one first")
    blocking = (slot.categories for slot in rules.slots if slot.effect == "block")
    blocked = rules.categories.union(*blocking)
    for one in overrides:
        _codes_check(one.services, one.categories, known)
        if one.kind == "open":
            _narrower_check(one.categories, blocked)


def _codes_check(services: frozenset[str], categories: frozenset[str], known: Known) -> None:
    unknown = {code for code in services if code not in known.services and code not in known.groups}
    unknown |= {code for code in categories if code not in known.categories}
    if unknown:
        raise InvalidRules(f"{_named(unknown)}: there is no such service, group or category")


def _narrower_check(opened: frozenset[str], blocked: frozenset[str]) -> None:
    for code in sorted(opened):
        for wider in sorted(blocked):
            if code.startswith(f"{wider}."):
                raise InvalidRules(f"{code} is blocked with {wider}: open that one")


def _at_or_below(code: str, blocked: frozenset[str]) -> bool:
    return any(f"{one}.".startswith(f"{code}.") for one in blocked)


def _named(codes: Collection[str]) -> str:
    return ", ".join(sorted(codes)[:5])
