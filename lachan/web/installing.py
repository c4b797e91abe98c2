"""The product as an app on the phone's first screen: its faces and what its manifest says (W3C, "Web Application
Manifest").

Whoever picks up a child's phone sees what is installed there: so the app has a second face that says nothing of
what it is for. No other page names a manifest or a worker: who never installed it carries no trace of it.
"""

import dataclasses
from typing import Any

from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

SHARED_TO = "/check/shared/"
"""Where a message goes that another app shares with this one. A path, not a name: this room stands below."""
SIZES = (192, 512)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Face:
    """How the app looks among the others.

    Attributes:
        code: of its addresses and icons.
        name: below the icon.
        says: what somebody who looks at the phone learns from it.
        colour: of the bar above its pages.
    """

    code: str
    name: Promise | str
    says: Promise | str
    colour: str


FACES = (
    Face(
        code="shield",
        name="Lá Chắn",
        says=gettext_lazy("Everybody who sees the phone sees that Lá Chắn is there."),
        colour="#0b6e4f",
    ),
    Face(
        code="notebook",
        name=gettext_lazy("Notebook"),
        says=gettext_lazy("It looks like a notebook. Once it is opened, it is Lá Chắn."),
        colour="#40566b",
    ),
)


def face_get(code: str) -> Face | None:
    return next((face for face in FACES if face.code == code), None)


def icon_path(face: Face, size: int) -> str:
    return static(f"web/app/{face.code}-{size}.png")


def manifest(face: Face) -> dict[str, Any]:
    """What the phone is told, in the language that is active."""
    return {
        "id": f"/app/{face.code}/",
        "name": str(face.name),
        "short_name": str(face.name),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": face.colour,
        "icons": [
            {
                "src": icon_path(face, size),
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for size in SIZES
            for purpose in ("any", "maskable")
        ],
        "share_target": {
            "action": SHARED_TO,
            "method": "POST",
            "enctype": "application/x-www-form-urlencoded",
            "params": {"title": "title", "text": "text", "url": "url"},
        },
        # Of a notebook that offered these, everybody would know what it is.
        "shortcuts": []
        if face.code != "shield"
        else [
            {"name": _("Check before you tap"), "url": "/check/"},
            {"name": _("Tell what happened to you"), "url": "/report/"},
        ],
    }


def shell() -> list[str]:
    """What the worker keeps for a time without a network: the page that says so, and what it looks like."""
    return ["/app/offline/", static("web/lachan.css"), static("web/shield.svg")]
