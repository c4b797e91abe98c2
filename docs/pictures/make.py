"""The README's screenshots, taken from a running product with invented words: `make pictures`."""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from lachan.cli.browser import Browser as Walker
from lachan.cli.demo.stage import NAME, Stage

FOLDER = Path(__file__).parent
PHONE, DESK = {"width": 390, "height": 780}, {"width": 1180, "height": 760}


def picture(
    chromium: Browser, stage: Stage, walker: Walker, path: str, name: str, size: dict[str, int]
) -> None:
    """What a person who has walked there would see at `path`."""
    context = chromium.new_context(viewport=size, locale="vi-VN")
    url = f"http://{stage.web}"
    context.add_cookies([{"name": k, "value": v, "url": url} for k, v in walker.cookies.items()])
    page = context.new_page()
    page.goto(url + path)
    page.screenshot(path=FOLDER / f"{name}.png")
    context.close()


def asked(chromium: Browser, stage: Stage) -> None:
    """The check page after somebody asked about the blocked address."""
    context = chromium.new_context(viewport=PHONE, locale="vi-VN")
    page = context.new_page()
    page.goto(f"http://{stage.web}/check/")
    page.get_by_role("textbox").fill(f"https://{NAME}/nhan-qua")
    page.keyboard.press("Enter")
    page.locator("dl.facts").wait_for()
    page.screenshot(path=FOLDER / "check.png")
    context.close()


def main() -> None:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        sys.exit("Chromium is needed: sudo apt-get install chromium")
    with Stage() as stage, sync_playwright() as playwright:
        os.environ["LACHAN_HOME"] = str(stage.home)
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright runs a loop in this thread
        from lachan.cli.setup import django_ready

        django_ready(migrate=False)
        from lachan.cli.demo.loop import Loop

        root = ["--no-sandbox"] if os.getuid() == 0 else []
        chromium = playwright.chromium.launch(executable_path=path, args=root)
        loop = Loop(stage, lambda name, _: print(name, file=sys.stderr))
        loop.people()
        child = stage.browser()
        picture(chromium, stage, child, "/", "home", PHONE)
        for name, walker, where in loop.scenes(child):
            picture(chromium, stage, walker, where, name, DESK)
        asked(chromium, stage)
        chromium.close()


if __name__ == "__main__":
    main()
