"""Words for what this room keeps as codes, and what each age begins with."""

import dataclasses
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lachan.formats.profiles.records import RuleSet

from .records import Band, Change

BANDS: Mapping[Band, Promise | str] = {
    Band.UNDER_9: _("Under 9"),
    Band.FROM_9: _("9 to 11"),
    Band.FROM_12: _("12 to 15"),
    Band.FROM_16: _("16 and 17"),
}
CHANGES: Mapping[str, Promise | str] = {
    Change.FOUNDED: _("began this family"),
    Change.OPENED: _("opened it with a code"),
    Change.CODE_MADE: _("made a new code"),
    Change.CODE_ENDED: _("ended a code"),
    Change.ADULT_INVITED: _("made a link for one more adult"),
    Change.ADULT_JOINED: _("came in"),
    Change.ADULT_NAMED: _("chose a name"),
    Change.ADULT_REMOVED: _("took an adult out"),
    Change.ADULT_LEFT: _("left"),
    Change.SESSION_ENDED: _("closed the family on a device"),
    Change.CHILD_ADDED: _("added a child"),
    Change.CHILD_CHANGED: _("changed what is said of a child"),
    Change.CHILD_REMOVED: _("took a child out"),
    Change.RULES_CHANGED: _("changed the rules"),
    Change.NAME_ALLOWED: _("opened a site"),
    Change.NAME_BLOCKED: _("closed a site"),
    Change.NAME_REMOVED: _("took a site off the list"),
    Change.PAUSED: _("paused everything"),
    Change.PAUSE_ENDED: _("ended the pause"),
    Change.TIME_GIVEN: _("gave more time"),
    Change.DEVICE_ADDED: _("added a device"),
    Change.DEVICE_REMOVED: _("took a device out"),
    Change.ASK_GRANTED: _("said yes to a request"),
    Change.ASK_REFUSED: _("said no to a request"),
}
# What protects against crime stands outside of taste and age, and no page offers to open it.
ALWAYS = frozenset({"contact", "conduct.sexual", "content.abuse", "contract.scam", "contract.phishing",
                    "contract.malware", "contract.sextortion", "contract.trafficking"})  # fmt: skip
OFFERED = ("content.sexual", "contract.gambling", "content.aggressive", "content.self-harm",
           "contract.drugs", "conduct.values")  # fmt: skip
"""Categories of the exchange that a parent may switch, in the order of the page."""


@dataclasses.dataclass(frozen=True)
class Service:
    """Attributes: tile: a letter or two that stand for it in place of a picture."""

    code: str
    name: str
    tile: str


# Stands in until the services' own data files are there (formats/known_names).
_SERVICES = (
    Service("facebook", "Facebook", "Fa"),
    Service("instagram", "Instagram", "In"),
    Service("roblox", "Roblox", "Ro"),
    Service("tiktok", "TikTok", "Ti"),
    Service("youtube", "YouTube", "Yo"),
    Service("zalo", "Zalo", "Za"),
)


def service_choices() -> tuple[Service, ...]:
    """What a parent may switch by name."""
    return _SERVICES


def rules_of(band: Band) -> RuleSet:
    """What a child of this age begins with."""
    young = band in {Band.UNDER_9, Band.FROM_9}
    closed = {"facebook", "instagram", "tiktok"} if young else set()
    return RuleSet(
        categories=ALWAYS | frozenset(OFFERED if band is not Band.FROM_16 else OFFERED[:2]),
        services=frozenset(closed),
        safe_search=band is not Band.FROM_16,
        ways_round=band is not Band.FROM_16,
    )
