"""Once round the loop, as five people walk it, through real pages, a real API and real DNS."""

import json
import re
import urllib.parse
import urllib.request

import pytest

from lachan.cli.browser import Browser
from tests.instance import Instance
from tests.staff import UID, Staff

# Whole instances run one at a time.
pytestmark = pytest.mark.faults
NAME = "qua-tang.example"
WORDS = "Có người hứa tặng quà trong trò chơi rồi đòi mật khẩu của mình."
ANSWER = "Cảm ơn bạn. Bạn hãy đổi mật khẩu và kể cho người lớn nhé."


def known(instance: Instance) -> dict[str, object]:
    value = urllib.parse.quote(f"http://www.{NAME}/nhan-qua")
    with urllib.request.urlopen(f"http://{instance.web}/v1/check?value={value}") as answer:
        return json.load(answer)


def report(child: Browser) -> str:
    page = child.get("/report/")
    sent = child.send(
        page, page.form(having="words"), category="scam", urgency="soon", words=WORDS,
        traces=f"http://{NAME}/nhan-qua",
    )  # fmt: skip
    return dict(sent.form(having="receipt").values)["receipt"]


def proposed(staff: Staff, case: str) -> str:
    """The analyst ticks what was found in the report; the indicator's address at the reviewer's."""
    page = staff.claimed(case)
    assert WORDS in page.text
    form = page.form(having="pick")
    pick = next(
        n.removeprefix("value-") for n, v in form.values if n.startswith("value-") and v == NAME
    )
    assert staff.analyst.send(page, form, pick=pick).status == 200
    found = re.search(rf"/staff/indicators/{UID}/", staff.reviewer.get("/staff/reviews/").text)
    assert found is not None
    return found[0]


def disputed(public: Browser, indicator: str) -> str:
    """Somebody who meets the block says that it is wrong; the page that will tell what came of it."""
    page = public.get(f"/dispute/?indicator={indicator}")
    form = page.form(having="reason")
    page = public.send(page, form, reason=form.options["reason"][0])
    assert page.status == 200
    return page.path


def test_it_goes_round(tmp_path):
    with Instance(tmp_path, anew=True) as instance:
        staff, child = Staff(instance), instance.browser()
        assert instance.rcode(f"www.{NAME}") == "NOERROR"
        receipt = report(child)
        case = instance.until(staff.cases, "to open a case")[0]
        indicator = proposed(staff, case)

        own = staff.analyst.get(indicator)
        assert "decision" not in {name for form in own.forms for name in form.names}
        assert instance.rcode(f"www.{NAME}") == "NOERROR"
        page = staff.reviewer.get(indicator)
        page = staff.reviewer.send(page, page.form(having="decision"), decision="approve")
        assert page.status == 200, re.sub(r"<[^>]+>", " ", page.text)
        instance.until(lambda: instance.rcode(f"www.{NAME}") == "NXDOMAIN", "to block")
        answer = instance.until(lambda: (found := known(instance))["known"] and found, "to know")
        assert (answer["action"], answer["categories"][0].split(".")[-1]) == ("block", "scam")

        told = disputed(instance.browser(), str(answer["indicator"]))
        waiting = staff.reviewer.get("/staff/disputes/")
        path = re.search(rf"/staff/disputes/{UID}/", waiting.text)[0]
        page = staff.reviewer.get(path)
        staff.reviewer.send(
            page, page.form(having="outcome"), outcome="withdrawn", answer="Trang đã sạch trở lại."
        )
        instance.until(lambda: instance.rcode(f"www.{NAME}") == "NOERROR", "to release")
        assert known(instance)["known"] is False
        assert "Trang đã sạch trở lại." in instance.browser().get(told).text

        page = staff.analyst.get(f"{case}report/")
        staff.analyst.send(page, page.form(action="/answer/"), words=ANSWER)
        door = child.get("/inbox/")
        inbox = child.send(door, door.form(having="receipt"), receipt=receipt)
        assert WORDS in inbox.text
        assert ANSWER in inbox.text
        checks = instance.doctor()["checks"]
        assert [check for check in checks if check["level"] == "fault"] == []
