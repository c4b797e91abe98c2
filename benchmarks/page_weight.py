"""What the first load of each public and family page weighs, in Chromium at a phone's width: prints one JSON object.

    python benchmarks/page_weight.py [--hold]

A real instance with one family: an adult, a child, a device, a request. Each page is opened in a browser that has nothing
yet but the cookie that opens it; counted are the bytes that came over the wire for the page and all that it loads. Bar:
150 KB each (`too_heavy` is empty). With --hold it prints addresses and cookies instead, and keeps the instance until its
input ends: for Lighthouse.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":  # beside this file stands a `dns.py`, which is not the library
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from playwright.sync_api import Browser, sync_playwright

from tests.chromium import PHONE, launched
from tests.faults.outpouring import public_paths
from tests.household import Household, sealed_ways
from tests.instance import Instance

MOST_BYTES = 150_000
FAMILY = (
    "", "start/", "open/", "code/kept/", "adults/", "adults/invite/", "history/", "leave/", "delete/", "children/new/",
)  # fmt: skip


def pages(instance: Instance) -> list[tuple[str, dict[str, str]]]:
    """(path, cookies with which it opens) of all pages, on an instance where a family is made for them."""
    family = Household(instance)
    adult = dict(family.parent.cookies)
    kid = instance.browser()
    join = kid.get(family.join)
    kid.send(join, join.form(action=join.path))
    child = dict(kid.cookies)
    page = kid.get("/my/")
    kid.send(page, page.form(action="/my/ask/"), site="truong.example", reason="bài tập")
    device = next(
        part for part in family.page().text.split('"') if part.startswith("/family/devices/")
    )
    platforms = ("android", "android-old", "iphone", "windows", "mac", "linux", "router", "chrome", "firefox")  # fmt: skip
    open_to_all = [one for one in public_paths() if not one.startswith(("/v1/", "/my/", "/family/"))]  # fmt: skip
    return [
        *((path, {}) for path in open_to_all),
        *((f"/family/{path}", adult) for path in FAMILY),
        ("/family/start/", {}), ("/family/open/", {}), ("/my/", {}),
        *((path, adult) for path in (family.child, f"{family.child}edit/", f"{family.child}remove/", device)),
        *((f"{device}on/{name}/", adult) for name in platforms),
        ("/my/", child),
        *((f"/my/on/{name}/", child) for name in platforms),
    ]  # fmt: skip


def weight(browser: Browser, address: str, path: str, cookies: dict[str, str]) -> tuple[int, int]:
    """(status, bytes) of a first load."""
    context = browser.new_context(
        viewport=PHONE, locale="vi-VN", has_touch=True, is_mobile=True, device_scale_factor=2
    )
    try:
        context.add_cookies(
            [{"name": name, "value": value, "url": address} for name, value in cookies.items()]
        )
        page = context.new_page()
        sizes: list[int] = []
        session = context.new_cdp_session(page)
        session.on("Network.loadingFinished", lambda one: sizes.append(one["encodedDataLength"]))
        session.send("Network.enable")
        answer = page.goto(f"{address}{path}", wait_until="load", timeout=120_000)
        return (answer.status if answer else 0), int(sum(sizes))
    finally:
        context.close()


def measured(browser: Browser, address: str, found: list[tuple[str, dict[str, str]]]) -> dict[str, object]:  # fmt: skip
    said, odd = {}, {}
    for path, cookies in found:
        status, size = weight(browser, address, path, cookies)
        name = f"{path}{' (joined)' if cookies else ''}"
        said[name] = size
        if status != 200:
            odd[name] = status
    heavy = {path: size for path, size in said.items() if size > MOST_BYTES}
    return {
        "pages": len(said),
        "heaviest": dict(sorted(said.items(), key=lambda one: -one[1])[:10]),
        "median": sorted(said.values())[len(said) // 2],
        "bar_bytes": MOST_BYTES,
        "too_heavy": heavy,
        "no_page": odd,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hold", action="store_true", help="for Lighthouse; see above")
    hold = parser.parse_args().hold
    with (
        tempfile.TemporaryDirectory(prefix="lachan-weight-") as folder,
        Instance(Path(folder), **sealed_ways()) as instance,
    ):
        os.environ["LACHAN_HOME"] = str(instance.home)  # the pages are listed in this process
        address, found = f"http://{instance.web}", pages(instance)
        if hold:
            print(json.dumps({"address": address, "pages": found}), flush=True)
            sys.stdin.read()
            return
        with sync_playwright() as playwright:
            browser = launched(playwright)
            said = measured(browser, address, found)
            browser.close()
    print(json.dumps(said, indent=1))
    raise SystemExit(bool(said["too_heavy"]))


if __name__ == "__main__":
    main()
