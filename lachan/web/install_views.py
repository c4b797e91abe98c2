"""Pages that put the product on a phone's first screen (`installing`)."""

import json

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils import translation
from django.views.decorators.http import require_GET

from .installing import FACES, SIZES, Face, face_get, icon_path, manifest, shell

MANIFEST = "application/manifest+json"


@require_GET
def choose(request: HttpRequest) -> HttpResponse:
    """Which face the app shall have. This page names no manifest yet: nothing is offered before it is chosen."""
    faces = [{"face": face, "icon": icon_path(face, SIZES[0])} for face in FACES]
    return render(request, "web/app.html", {"faces": faces})


@require_GET
def install(request: HttpRequest, face: str) -> HttpResponse:
    found = _face(face)
    shown = {"face": found, "icon": icon_path(found, SIZES[0])}
    return render(request, "web/app_install.html", shown)


@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """What the app shows without a network: the worker has kept it."""
    return render(request, "web/app_offline.html")


@require_GET
def manifest_file(request: HttpRequest, face: str, language: str) -> HttpResponse:
    """In a language of its own address: browsers ask for it without cookies."""
    found = _face(face)
    if language not in dict(settings.LANGUAGES):
        raise Http404
    with translation.override(language):
        said = manifest(found) | {"lang": language}
    return JsonResponse(said, content_type=MANIFEST, json_dumps_params={"ensure_ascii": False})


@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The worker's script, told what it keeps."""
    text = f"self.shell = {json.dumps(shell())};\nimportScripts({json.dumps(static('web/worker.js'))});\n"
    return HttpResponse(text, content_type="text/javascript; charset=utf-8")


def _face(code: str) -> Face:
    if (found := face_get(code)) is None:
        raise Http404
    return found


for view in (choose, install, offline, manifest_file, worker):
    view.policy_action = "public"  # type: ignore[attr-defined]  # web stands below members.policy
