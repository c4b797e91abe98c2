"""Once round the loop, then a hundred times from publishing to blocking and back."""

import dataclasses
import re
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lachan.cli.browser import Browser, Page, Stuck
from lachan.members.records import Role

from .asking import Api, is_blocked, until
from .people import invite, join
from .stage import NAME, Stage

_UID = r"[0-9a-f-]{36}"


@dataclasses.dataclass
class Result:
    """What the demo prints with --json."""

    steps: list[dict[str, object]] = dataclasses.field(default_factory=list)
    publish_to_block_ms: dict[str, float] = dataclasses.field(default_factory=dict)
    withdraw_to_release_ms: dict[str, float] = dataclasses.field(default_factory=dict)
    sequence: int = 0


class Loop:
    """The demo's story.

    Args:
        say: told each step and its milliseconds as it ends.
    """

    def __init__(self, stage: Stage, say: Callable[[str, float], None]) -> None:
        self._stage, self._say = stage, say
        self._api = Api(stage.web)
        self.result = Result()

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self._told(name, time.perf_counter() - began)

    def _told(self, name: str, seconds: float) -> None:
        self.result.steps.append({"name": name, "ms": round(seconds * 1000, 1)})
        self._say(name, seconds * 1000)

    def people(self) -> None:
        """An administrator joins by the one-time link and invites an analyst and a reviewer."""
        chief = "quan.tri@desk.example"
        _, password = join(self._stage, self._stage.first_link, name="Quản trị", email=chief)
        browsers = []
        for role in (Role.ANALYST, Role.REVIEWER):
            email = f"{role.value}@desk.example"
            link = invite(
                administrator=chief, password=password, role=role, name=role.value, email=email
            )
            browsers.append(join(self._stage, link, name=role.value, email=email)[0])
        self._analyst, self._reviewer = browsers

    def once(self) -> None:
        """From a child's words to a blocked name, and back again."""
        child = self._stage.browser()
        with self._step("report accepted"):
            receipt = self._report(child)
        with self._step("case opened"):
            case = self._case()
        with self._step("report read"):
            page = self._claimed(case)
        with self._step("indicator proposed"):
            indicator = self._proposed(page)
        began = time.perf_counter()
        blocked: list[float] = []
        watch = threading.Thread(target=lambda: blocked.append(self._await_blocked(NAME)))
        watch.start()
        with self._step("approved"):
            self._decide(indicator, "approve")
        self._told("published", self._await_listed(NAME) - began)
        watch.join()
        self._told("first DNS answer blocked", blocked[0] - began)
        known = until(lambda: self._api.check(NAME)["known"] is True, "the check API's answer")
        self._told("first check-API answer blocked", known - began)
        with self._step("reporter reads the answer"):
            self._answered(case, child, receipt)
        began = time.perf_counter()
        with self._step("withdrawn"):
            self._withdraw(indicator)
        freed = until(lambda: not is_blocked(self._stage.dns, NAME), "the released DNS answer")
        self._told("first DNS answer released", freed - began)

    def scenes(self, child: Browser) -> Iterator[tuple[str, Browser, str]]:
        """The loop's stations for pictures: name, the browser of whoever stands there, path."""
        self._report(child)
        case = self._case()
        page = self._claimed(case)
        yield "queue", self._analyst, "/staff/cases/"
        yield "case", self._analyst, f"{case}report/"
        indicator = self._proposed(page)
        yield "review", self._reviewer, f"/staff/indicators/{indicator}/"
        self._decide(indicator, "approve")
        self._await_blocked(NAME)
        yield "indicator", self._reviewer, f"/staff/indicators/{indicator}/"

    def often(self, times: int, progress: Callable[[Iterator[int]], Iterator[int]]) -> None:
        """Publish and withdraw `times` names; from the reviewer's click to the changed DNS answer."""
        blocked_ms, released_ms = [], []
        for number in progress(iter(range(times))):
            name = f"n{number}.demo.example"
            indicator = self._propose_by_hand(name)
            blocked_ms.append(
                self._timed(lambda i=indicator: self._decide(i, "approve"), name, True)
            )
            released_ms.append(self._timed(lambda i=indicator: self._withdraw(i), name, False))
        self.result.publish_to_block_ms = _figures(blocked_ms)
        self.result.withdraw_to_release_ms = _figures(released_ms)
        self.result.sequence = int(str(self._api.check(NAME)["sequence"]))

    def _timed(self, act: Callable[[], object], name: str, blocked: bool) -> float:  # noqa: FBT001  which way the answer turns
        clicker = threading.Thread(target=act)
        began = time.perf_counter()
        clicker.start()
        turned = until(lambda: is_blocked(self._stage.dns, name) is blocked, f"{name} to turn")
        clicker.join()
        return (turned - began) * 1000

    def _report(self, child: Browser) -> str:
        page = child.get("/report/")
        form = page.form(having="words")
        page = child.send(
            page,
            form,
            category="scam",
            urgency="soon",
            words="Có người hứa tặng quà trong trò chơi rồi đòi mật khẩu của mình.",
            traces=f"{NAME} và số 0900 000 000",
        )
        found = re.search(r'id="receipt"[^>]*>(.*?)</p>', page.text, re.DOTALL)
        if found is None:
            raise Stuck(f"no receipt ({page.status})")
        return re.sub(r"\D", "", re.sub(r"<[^>]+>", "", found[1]))

    def _case(self) -> str:
        cases: list[str] = []

        def appeared() -> bool:
            page = self._analyst.get("/staff/cases/")
            cases[:] = re.findall(rf'href="(/staff/cases/{_UID}/)"', page.text)
            return bool(cases)

        until(appeared, "the case")
        return cases[0]

    def _claimed(self, case: str) -> Page:
        page = self._analyst.get(case)
        page = self._analyst.send(page, page.form(action="/claim/"))
        if "pick" not in {name for form in page.forms for name in form.names}:
            page = self._analyst.get(f"{case}report/")
        if "mật khẩu" not in page.text:
            raise Stuck("the analyst cannot read the report")
        return page

    def _proposed(self, page: Page) -> str:
        form = page.form(having="pick")
        pick = next(
            name.partition("-")[2]
            for name, value in form.values
            if name.startswith("value-") and NAME in value
        )
        page = self._analyst.send(page, form, pick=pick)
        if page.status != 200:
            raise Stuck(f"nothing was proposed ({page.status})")
        found: list[str] = []

        def listed() -> bool:
            text = self._reviewer.get("/staff/reviews/").text
            found[:] = re.findall(rf"/staff/indicators/({_UID})/", text)
            return bool(found)

        until(listed, "the proposal among those to review")
        return found[0]

    def _propose_by_hand(self, name: str) -> str:
        page = self._analyst.get("/staff/indicators/new/")
        page = self._analyst.send(
            page, page.form(having="value"), value=name, category="contract.scam"
        )
        found = re.search(rf"/staff/indicators/({_UID})/", page.path)
        if found is None:
            raise Stuck(f"{name} was not proposed ({page.status})")
        return found[1]

    def _decide(self, indicator: str, decision: str) -> None:
        page = self._reviewer.get(f"/staff/indicators/{indicator}/")
        page = self._reviewer.send(page, page.form(having="decision"), decision=decision)
        if page.status != 200:
            raise Stuck(f"the review was refused ({page.status})")

    def _withdraw(self, indicator: str) -> None:
        page = self._reviewer.get(f"/staff/indicators/{indicator}/")
        form = page.form(action="/withdraw/")
        page = self._reviewer.send(page, form, **{"withdraw-reason": "Trang đã sạch trở lại"})
        if page.status != 200:
            raise Stuck(f"the withdrawal was refused ({page.status})")

    def _answered(self, case: str, child: Browser, receipt: str) -> None:
        words = "Cảm ơn bạn đã báo. Trang đó đã bị chặn."
        page = self._analyst.get(f"{case}report/")
        form = next(f for f in page.forms if f.action.endswith("/answer/"))
        self._analyst.send(page, form, words=words)
        page = child.get("/inbox/")
        page = child.send(page, page.form(having="receipt"), receipt=receipt)
        if words not in page.text:
            raise Stuck("the child's inbox does not show the answer")

    def _await_blocked(self, name: str) -> float:
        return until(lambda: is_blocked(self._stage.dns, name), "the blocked DNS answer")

    def _await_listed(self, name: str) -> float:
        browser = self._stage.browser()
        return until(lambda: name in browser.get("/v1/lists/plain").text, "the published list")


def _figures(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "p50": round(statistics.median(ordered), 1),
        "p95": round(ordered[int(0.95 * (len(ordered) - 1))], 1),
        "max": round(ordered[-1], 1),
    }
