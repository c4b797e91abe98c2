"""Reading aloud, by the device's own voice alone."""

import pytest

pytestmark = pytest.mark.browser
_SPEECH = """
const said = [];
window.said = said;
window.SpeechSynthesisUtterance = function (text) { this.text = text; };
Object.defineProperty(window, "speechSynthesis", { value: {
  speaking: false,
  getVoices: () => [{ lang: "vi-VN", localService: LOCAL, name: "x" }],
  speak(words) { said.push(words); this.speaking = true; },
  cancel() { this.speaking = false; },
} });
"""


def _opened(page, live_server, *, local):
    page.add_init_script(_SPEECH.replace("LOCAL", "true" if local else "false"))
    page.goto(f"{live_server.url}/check/")
    return page.locator("#aloud")


def test_it_reads_what_stands_there_and_stops(live_server, phone):
    button = _opened(phone, live_server, local=True)
    button.click()
    assert "Có an toàn không?" in phone.evaluate("() => said[0].text")
    assert button.text_content() == "Ngừng đọc"
    button.click()
    assert button.text_content() == "Đọc to trang này"


def test_it_reads_aloud_by_no_voice_from_elsewhere(live_server, phone):
    assert _opened(phone, live_server, local=False).is_hidden()
