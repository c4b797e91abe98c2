"""Every address of the product, room by room: a room's `urls.py` and `api.py` say their own."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.urls import include, path

from .api import api


def _rooms() -> list[str]:
    return [config.name for config in apps.get_app_configs() if config.name.startswith("lachan.")]


for _room in _rooms():
    if find_spec(f"{_room}.api"):
        api.add_router("", import_module(f"{_room}.api").router)

urlpatterns = [
    path("v1/", api.urls),
    *(path("", include(f"{room}.urls")) for room in _rooms() if find_spec(f"{room}.urls")),
]

handler400 = "lachan.web.views.bad_request"
handler403 = "lachan.web.views.forbidden"
handler404 = "lachan.web.views.not_found"
handler500 = "lachan.web.views.server_error"
