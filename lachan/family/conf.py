"""Settings of this room."""

import hashlib
import hmac
from datetime import timedelta

from django.conf import settings

SESSION_FOR = timedelta(days=180)
"""An adult's phone stays signed in for so long after it was last used."""
DEVICE_FOR = timedelta(days=400)
LINK_FOR = timedelta(minutes=10)
CLOCKS_APART = timedelta(minutes=1)
"""Of several machines."""
TOUCHED = timedelta(days=1)
"""How exact it is when something was last used: each page would write otherwise."""
HISTORY_SHOWN = 100
MOST = {
    "adults": 12,
    "children": 20,
    "devices": 30,
    "names": 500,
    "codes": 12,
    "sessions": 60,
    "subscriptions": 12,
    "teachers": 200,
    "classes": 120,
    "class devices": 120,
    "class lines": 500,
}
LESSON_MINUTES = (45, 90, 30, 15)
"""The first is what a school calls a lesson."""
LESSON_SITES = 20
MOST_ASKS = 5
"""Of one child that wait at the same time: more are not lost, they are asked to wait."""
TOLD_FOR = timedelta(hours=24)
"""A message about a request makes sense for so long: after that the parent finds it on opening."""
ASKS_KEPT = timedelta(days=30)
LONGEST = {"nickname": 40, "note": 500, "reason": 500, "word": 500, "name": 40}
LABEL_BYTES = 15
"""120 bits: 24 letters of base32, no padding, and a DNS label."""


def secrets(purpose: str) -> list[bytes]:
    """Keys for one purpose from the instance's secret, and after it those from former ones."""
    label = f"lachan.family {purpose}".encode()
    held = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [hmac.digest(one.encode(), label, hashlib.sha256) for one in held]
