"""What holds at a moment, told from docs/howto/rules.md alone: every slot of every day nearby, tried one by one.

Knows the rules as they rest in the database (JSON) and the clock on the wall as a naive datetime. Nothing of the
product is imported here, so that what it is compared with can be wrong only by itself.
"""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Plain = dict[str, Any]


def oracle(
    rules: Plain, overrides: list[Plain], zone: str, calendar: dict[date, int], instant: int
) -> Plain:
    wall = datetime.fromtimestamp(instant, ZoneInfo(zone)).replace(tzinfo=None)
    said = [one for one in overrides if one["start"] <= instant < one["until"]]
    skipped = {why for one in said if one["kind"] == "skip" for why in one["skips"]}
    slots = [
        slot
        for slot in rules["slots"]
        if slot["why"] not in skipped and _holds(slot, wall, calendar)
    ]
    found = _slots_met(rules, slots)
    for one in said:
        _say(found, one, rules)
    return found


def _holds(slot: Plain, wall: datetime, calendar: dict[date, int]) -> bool:
    for back in range(4):
        day = wall.date() - timedelta(days=back)
        kind = calendar[day] if day in calendar else day.isoweekday() - 1
        begins = datetime.combine(day, time()) + timedelta(minutes=15 * slot["start"])
        ends = datetime.combine(day, time()) + timedelta(minutes=15 * slot["end"])
        if ends <= begins:
            ends += timedelta(days=1)
        if kind in slot["days"] and begins <= wall < ends:
            return True
    return False


def _slots_met(rules: Plain, slots: list[Plain]) -> Plain:
    services, categories = set(rules["services"]), set(rules["categories"])
    everything, why = False, "rules"
    for slot in slots:
        if slot["effect"] == "open":
            services -= set(slot["services"])
            categories = _opened(categories, slot["categories"])
    for slot in slots:
        if slot["effect"] == "block":
            services |= set(slot["services"])
            categories |= set(slot["categories"])
            everything = everything or slot["everything"]
            why = "bedtime" if "bedtime" in (why, slot["why"]) else "schedule"
    return {
        "everything": everything, "services": services, "categories": categories, "open_services": set(),
        "safe_search": rules["safe_search"], "ways_round": rules["ways_round"] == "closed", "why": why,
    }  # fmt: skip


def _opened(categories: set[str], opened: list[str]) -> set[str]:
    return {
        code for code in categories if not any(f"{code}.".startswith(f"{up}.") for up in opened)
    }


def _say(found: Plain, one: Plain, rules: Plain) -> None:
    services, categories = set(one["services"]), set(one["categories"])
    if one["kind"] == "pause":
        found.update(everything=True, open_services=set(), why="pause")
    elif one["kind"] == "block":
        found["services"] |= services
        found["categories"] |= categories
        found["open_services"] -= services
        if not found["everything"]:
            found["why"] = one["why"]
    elif one["kind"] == "open":
        found["services"] -= services
        found["categories"] = _opened(found["categories"], list(categories))
        if found["everything"]:
            found["open_services"] |= services
    elif one["kind"] == "only":
        found["services"] -= services
        found.update(everything=True, open_services=services, why="schedule")
    elif one["kind"] == "open-all":
        found.update(
            everything=False, services=set(), open_services=set(), why="rules",
            categories=found["categories"] & set(rules["categories"]),
        )  # fmt: skip
