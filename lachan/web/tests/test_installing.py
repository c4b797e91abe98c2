import json
import re

import pytest
from django.contrib.staticfiles import finders
from PIL import Image

from lachan.web.installing import FACES, SHARED_TO, shell


def _manifest(client, face="shield", language="vi"):
    answer = client.get(f"/app/{face}/{language}.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    return json.loads(answer.content)


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.code)
def test_it_can_be_installed(client, face):
    said = _manifest(client, face.code)
    assert said["start_url"] == said["scope"] == "/"
    assert said["display"] == "standalone"
    sizes = set()
    for icon in said["icons"]:
        path = finders.find(icon["src"].removeprefix("/static/"))
        with Image.open(path) as picture:
            assert f"{picture.width}x{picture.height}" == icon["sizes"]
        sizes.add(picture.width)
    assert sizes >= {192, 512}


def test_the_other_face_says_nothing_of_what_it_is(client):
    for language in ("vi", "en", "fr"):
        said = _manifest(client, "notebook", language)
        shown = json.dumps(
            {k: v for k, v in said.items() if k in {"name", "short_name", "shortcuts"}}
        )
        assert not re.search(r"l[áa] ch[ắa]n|shield|111|b[áa]o|report", shown, re.IGNORECASE)
        assert said["lang"] == language


def test_it_speaks_the_language_of_its_address(client):
    names = {
        language: _manifest(client, "notebook", language)["name"] for language in ("vi", "en", "fr")
    }
    assert len(set(names.values())) == 3


def test_it_knows_no_other_face_nor_language(client):
    assert client.get("/app/other/").status_code == 404
    assert client.get("/app/shield/xx.webmanifest").status_code == 404


def test_no_page_but_its_own_offers_an_app(client, db):
    for path in ("/", "/check/", "/report/", "/inbox/", "/app/", "/app/offline/"):
        page = client.get(path).content.decode()
        assert "webmanifest" not in page
        assert "install.js" not in page
    assert "webmanifest" in client.get("/app/notebook/").content.decode()


def test_the_worker_keeps_one_page_and_what_it_looks_like(client):
    said = client.get("/app-worker.js")
    assert said["Content-Type"].startswith("text/javascript")
    kept = json.loads(re.search(r"self\.shell = (.*);", said.content.decode())[1])
    assert kept == shell()
    for path in kept[1:]:
        assert finders.find(path.removeprefix("/static/"))


def test_the_page_for_a_time_without_network_names_whom_to_call(client):
    page = client.get("/app/offline/").content.decode()
    assert 'href="tel:111"' in page
    assert "<form" not in page
    assert "<script" not in page


def test_what_is_shared_has_somewhere_to_go(client, db):
    said = _manifest(client)["share_target"]
    assert said["action"] == SHARED_TO
    assert client.post(said["action"], {"text": "xau.example"}).status_code == 200
