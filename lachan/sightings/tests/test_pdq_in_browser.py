"""The browser's half, in a real Chromium, beside the server's."""

import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lachan.sightings
from lachan.matching.algorithms.pdq.picture import picture_hash
from lachan.matching.algorithms.pdq.tests.files import picture, save, turned_jpeg
from lachan.matching.algorithms.pdq.tests.pictures import draw
from lachan.web.middleware import CSP

pytestmark = pytest.mark.browser

STATIC = Path(lachan.sightings.__file__).parent / "static" / "sightings"
HASH_ALL = """async (names) => {
  const worker = new Worker("/pdq-worker.js", { type: "module" });
  const waiting = new Map();
  worker.onmessage = ({ data }) => waiting.get(data.id)(data);
  const found = [];
  for (const [id, name] of names.entries()) {
    const picture = await (await fetch(`/pictures/${name}`)).blob();
    const answer = new Promise((resolve) => waiting.set(id, resolve));
    worker.postMessage({ id, picture });
    found.push(await answer);
  }
  worker.terminate();
  return found;
}"""


class Handler(BaseHTTPRequestHandler):
    """An empty page under the product's own policy, the two modules, and the pictures."""

    def __init__(self, pictures, asked, *args):
        self.pictures, self.asked = pictures, asked
        super().__init__(*args)

    def do_GET(self):
        self.asked.append(self.path)
        if self.path == "/":
            self.answer("text/html", b"<!doctype html><title>x</title><link rel=icon href=data:,>")
        elif self.path.startswith("/pictures/"):
            self.answer("application/octet-stream", self.pictures[self.path.split("/")[2]])
        else:
            self.answer("text/javascript", (STATIC / Path(self.path).name).read_bytes())

    def answer(self, kind, body):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", CSP)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def browser_hashes(desk):
    """What Chromium answers for files by name, all on one page."""
    pictures, asked = {}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, pictures, asked))
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def hashes(files):
        pictures.update(files)
        desk.goto(f"http://127.0.0.1:{server.server_port}/")
        found = desk.evaluate(HASH_ALL, list(files))
        modules = {"/", "/pdq-worker.js", "/pdq.js"}
        # Only what the page itself fetched: the worker asks for nothing and tells nobody.
        assert set(asked) - modules == {f"/pictures/{name}" for name in files}
        assert len(asked) == len(modules) + len(files)
        return dict(zip(files, found, strict=True))

    yield hashes
    server.shutdown()
    server.server_close()


def told(data):
    found = picture_hash(data)
    return [(one.text, one.quality) for one in (found.stored, found.upright)]


def heard(answer):
    return [(one["hash"], one["quality"]) for one in (answer["stored"], answer["upright"])]


def told_before(data):
    found = picture_hash(data, turned=True)
    return {done.text: before.text for done, before in found.before.items()}


def apart(one, other):
    return (int(one, 16) ^ int(other, 16)).bit_count()


def lossless():
    """Some hundred PNG files of odd sizes and kinds, and a few large ones."""
    for number in range(220):
        width, height = 1 + number * 37 % 331, 1 + number * 53 % 277
        image = picture(number, width, height)
        kind = ("RGB", "RGB", "L", "P", "1")[number % 5]
        yield f"{number}-{kind}", save(image.convert(kind), "PNG")
    for size in ((64, 64), (5, 5), (4, 99), (512, 512), (1920, 1080), (77, 3001)):
        yield f"{size[0]}x{size[1]}", save(picture(1, *size), "PNG")
    yield "bmp", save(picture(2), "BMP")
    yield "webp", save(picture(2), "WEBP", lossless=True)
    yield "gif", save(picture(2).quantize(64), "GIF")


def test_it_hashes_in_the_browser_as_on_the_server(browser_hashes):
    files = dict(lossless())
    found = browser_hashes(files)
    wrong = [name for name, data in files.items() if heard(found[name]) != told(data)]
    assert len(files) >= 200
    assert wrong == []
    turned = [name for name, data in files.items() if found[name]["before"] != told_before(data)]
    assert turned == []


def test_it_comes_close_where_the_browser_decodes_with_loss(browser_hashes):
    files = {
        f"jpeg-{n}": save(picture(n, 90 + n * 7, 300 - n), "JPEG", quality=60 + n)
        for n in range(30)
    }
    files |= {f"turned-{o}": turned_jpeg(o) for o in range(1, 9)}
    files |= {f"webp-{n}": save(picture(n, 200, 150), "WEBP", quality=80) for n in range(5)}
    found = browser_hashes(files)
    for name, data in files.items():
        for (ours, _), (theirs, _) in zip(told(data), heard(found[name]), strict=True):
            assert apart(ours, theirs) <= 4, name
        before = told_before(data)
        assert found[name]["before"].keys() == before.keys(), name
        for done, ours in before.items():
            assert apart(ours, found[name]["before"][done]) <= 4, (name, done)


def test_it_says_why_it_has_no_hash(browser_hashes):
    files = {
        "text": b"no picture",
        "nothing": b"",
        "cut": save(picture(3), "PNG")[:200],
        "large": bytes(64 * 1024 * 1024 + 1),
    }
    found = browser_hashes(files)
    assert found["text"]["error"] == found["nothing"]["error"] == "not-a-picture"
    assert found["large"]["error"] == "too-large"
    assert "stored" not in found["cut"]


def test_it_hashes_no_half_of_a_jpeg_as_a_whole(browser_hashes):
    whole = {f"{n}": save(picture(n, 320, 240), "JPEG", quality=85) for n in range(3)}
    files = dict(whole)
    for name, data in whole.items():
        files |= {
            f"{name}-without-its-end": data[:-2],
            f"{name}-and-more": data + b"\0" * 9,
            f"{name}-half": data[: len(data) // 2],
            f"{name}-half-ended": data[: len(data) // 2] + b"\xff\xd9",
            f"{name}-half-filled-ended": data[: len(data) // 2] + bytes(900) + b"\xff\xd9",
        }
    found = browser_hashes(files)
    for name in whole:
        for more in ("-without-its-end", "-and-more"):
            assert apart(found[name]["stored"]["hash"], found[name + more]["stored"]["hash"]) <= 4
    assert {found[name].get("error") for name in files if "half" in name} == {"truncated"}


def transparent():
    pixels = draw(4, 90, 80, 4)
    holes = np.add.outer(np.arange(80) // 16, np.arange(90) // 15) % 2 * 255
    yield "half", save(Image.fromarray(pixels), "PNG")
    for hidden in (7, 8):
        colours = np.where(holes[:, :, None] > 0, draw(3, 90, 80), draw(hidden, 90, 80))
        whole = Image.fromarray(np.dstack([colours, holes]).astype(np.uint8))
        yield f"hidden-{hidden}", save(whole, "PNG")
        yield f"webp-{hidden}", save(whole, "WEBP", lossless=True, exact=True)
    shape = np.where(draw(5, 90, 80, 1)[:, :, 0] > 100, 255, 0) ^ holes
    for ink in (0, 255):
        alone = np.dstack([np.full((80, 90, 3), ink), shape]).astype(np.uint8)
        yield f"ink-{ink}", save(Image.fromarray(alone), "PNG")
    yield "key", save(picture(5).quantize(8), "GIF", transparency=2)


def test_it_sees_what_is_transparent_as_the_server_does(browser_hashes):
    """Alike to a few bits: a canvas rounds where it mixes."""
    pixels = draw(4, 90, 80, 4)
    opaque = np.dstack([pixels[:, :, :3], np.full((80, 90, 1), 255, np.uint8)])
    files = {"opaque": save(Image.fromarray(opaque), "PNG"), **dict(transparent())}
    found = browser_hashes(files)
    assert heard(found["opaque"]) == told(files["opaque"])
    for name, data in files.items():
        ours, theirs = picture_hash(data), found[name]
        assert apart(ours.stored.text, theirs["stored"]["hash"]) <= 4, name
        assert bool(ours.ground) == bool(theirs["ground"]), name
        if ours.ground:
            assert apart(ours.ground.text, theirs["ground"]["hash"]) <= 4, name
    assert apart(found["hidden-7"]["stored"]["hash"], found["hidden-8"]["stored"]["hash"]) <= 4
