"""The rules of docs/words.md that a machine can hold, over every catalogue, every text in data and every template."""

import re
import unicodedata

import pytest

from lachan.formats.places.gazetteer import commune_list, province_list
from tests.texts import (
    FRENCH_SPACES,
    all_texts,
    audience,
    data_texts,
    key_of,
    messages,
    public_data_texts,
    public_templates,
    template_source,
    templates,
    texts_of,
    wanted,
)
from tools.places_vn import old_style

# Sections of docs/words.md: what is banned, by language and reader. Each is a regular expression.
BANNED = {
    ("vi", "everybody"): [
        "dấu hiệu", "đối tượng", "khiếu nại", "tố giác", "người lạ", "bàn trực", "sổ cái", "nhật ký kiểm tra",
        "kiểm soát viên", "bước thứ hai", "biên nhận", "người báo(?! tin)", "đứa trẻ", "trang đầu", "tư liệu",
        "kí tự", "lí do", "chúng ta", "quý vị", "e-mail", "thư điện tử", "thứ cần nêu", "khoan", "nửa công khai",
        "thu hồi(?! khóa| bản sao|$)", "loại hình(?!$)", "mức chắc chắn", "trường này", "số tổng thể",
    ],
    ("vi", "public"): [
        "niêm phong", "phát tán", "tiếp diễn", "sự việc", "chúng tôi", "chỉ dấu", "người mà bạn tin", "thu hồi",
        "mà bạn tin(?! tưởng)", "(?<!thanh )địa chỉ(?! IP| email)", "^(có|không)[,.]", "trẻ em khác", "bạn mất",
    ],
    ("vi", "staff"): ["chúng mình", "chúng tôi", r"\bmình ơi\b"],
    ("fr", "everybody"): [
        "relect", r"\breli(t|re|sez)\b", "deuxième", r"bureau\b", r"parts? de secours", "seconde étape", "merci de",
        "quelqu’un de confiance", "moitié publique", "courriel", r"(?<!-)\bmail\b", "là-bas", r"\bissue\b",
        "administratrice", "défiler", "matériel d’abus", "images d’abus(?! sexuels)", r"\breçu de\b", "certitude",
    ],
    ("fr", "public"): [
        r"(?<!-)\b(vous|votre|vos)\b", r"\b(?!assez|chez|rendez-vous)\w{2,}ez\b", "scellé", r"\breçus?\b(?! \d)", "boîte de réception",
        "images? d’enfant", "^(oui|non)[,.]",
    ],
    ("fr", "staff"): [r"\b(tu|ton|ta|tes|toi)\b", r"\bt’"],
    ("fr", "both"): [r"(?<!-)\b(vous|votre|vos|tu|ton|ta|tes|toi)\b", r"\bt’", r"\b(?!assez|chez|rendez-vous)\w{2,}ez\b"],
}  # fmt: skip
# The place where a word is meant: a status, a head of a column, a choice that speaks as a company does.
SPARED = {
    ("vi", "It is mine, and it is not what you say"),
    ("fr", "Received"),
}
BUTTON, TILE = 24, 40
# Staff sit at larger screens; their longest buttons still fit a phone in one line of the smallest type.
STAFF_BUTTON = 34


def _letters(text):
    return sum(c.isalpha() for c in text)


def _read_by(language):
    """(reader, where, text) of everything."""
    for name, message in messages(language):
        if (language, key_of(message)[1]) in SPARED:
            continue
        for text in texts_of(message):
            yield audience(message), f"{name}: {key_of(message)[1]}", text
    public = public_data_texts(language)
    for path, text in data_texts(language):
        yield "public" if text in public else "staff", path, text


@pytest.mark.parametrize("language", ["vi", "fr"])
def test_it_says_no_word_that_is_banned_for_its_reader(language):
    found = []
    for reader, where, text in _read_by(language):
        banned = BANNED[language, "everybody"] + BANNED.get((language, reader), [])
        if reader == "both" and language == "vi":
            banned = banned + BANNED["vi", "public"] + ["chúng mình"]
        found += [
            f"{where}: {text!r} ({word})" for word in banned if re.search(word, text, re.IGNORECASE)
        ]
    assert found == []


@pytest.mark.parametrize("language", ["vi", "fr"])
def test_it_is_written_in_composed_letters(language):
    wrong = [
        where for where, text in all_texts(language) if not unicodedata.is_normalized("NFC", text)
    ]
    assert wrong == []


def test_it_sets_tone_marks_in_the_old_style():
    texts = list(all_texts("vi"))
    texts += [("places", p.name) for p in province_list()]
    texts += [("places", c.name) for p in province_list() for c in commune_list(p.code)]
    assert [f"{where}: {text}" for where, text in texts if old_style(text) != text] == []


def test_it_puts_no_break_spaces_where_french_has_them():
    found = [
        f"{where}: {text!r}"
        for where, text in all_texts("fr")
        for rule in FRENCH_SPACES
        if re.search(rule, text)
    ]
    assert found == []


@pytest.mark.parametrize("language", ["vi", "fr", "en"])
def test_it_uses_the_marks_of_print(language):
    texts = list(all_texts(language)) if language != "en" else [("key", k) for _, k in wanted()]
    straight = {"vi": '["]', "fr": "[\"'“”]", "en": '["]'}[language]
    rules = [straight, r"\.\.\.", r"\s…", "  ", r"^\s|\s$"]
    if language != "fr":
        rules.append(r"[ \u00a0\u202f][?!;:](?=\s|$)")
    found = [
        f"{where}: {text!r}" for where, text in texts for rule in rules if re.search(rule, text)
    ]
    assert found == []


_BUTTON = re.compile(
    r"""(?:<button\b(?![^>]*\bquiet\b)[^>]*>|<a\b[^>]*class="button(?!\ quiet)[^"]*"[^>]*>)"""
    r"""{%\s*translate\s+"([^"]+)"(?:\s+context\s+"([^"]+)")?\s*%}""",
    re.VERBOSE,
)


def _buttons():
    for path in templates().values():
        text = path.read_text(encoding="utf-8")
        for key, context in _BUTTON.findall(text):
            yield str(path), (context or None, key)


@pytest.mark.parametrize("language", ["vi", "fr"])
def test_its_buttons_fit_a_phone(language):
    known = {key_of(message): texts_of(message)[0] for _, message in messages(language)}
    found = list(_buttons())
    assert len(found) > 40
    long = [
        f"{path}: {known[key]} ({_letters(known[key])})"
        for path, key in found
        if _letters(known[key]) > (BUTTON if path in public_templates() else STAFF_BUTTON)
    ]
    assert long == []


@pytest.mark.parametrize("language", ["vi", "fr", "en"])
def test_its_tiles_fit_a_phone(language):
    from lachan.reports.conf import categories

    labels = [row["label"][language] for row in categories()]
    assert [text for text in labels if _letters(text) > TILE] == []


def test_its_names_are_written_as_their_owners_write_them():
    wrong = [
        f"{where}: {text}"
        for language in ("vi", "fr")
        for where, text in all_texts(language)
        if re.search(r"tlp:[a-z]|Lá chắn\b|\bla chan\b|Tổng đài bảo vệ trẻ em", text)
    ]
    assert wrong == []


def test_its_templates_add_no_mark_that_a_language_would_set_otherwise():
    # French has a space before a colon, Vietnamese has none: the mark belongs into the text.
    found = []
    for path in templates().values():
        text = re.sub(
            r"{%\s*(comment|blocktranslate).*?end\1\s*%}|{#.*?#}",
            "",
            path.read_text("utf-8"),
            flags=re.DOTALL,
        )
        found += [
            f"{path}: {hit}" for hit in re.findall(r"[^>\n]{0,40}(?:}}|%}) ?[:;?!](?=\s|<|$)", text)
        ]
    assert found == []


def test_it_reads_every_template():
    # The rules above find keys by their templates: none may hide behind another way of extending.
    shells = {"web/public.html", "reports/_inbox.html", "web/desk.html", "web/base.html", "shell"}
    extended = {
        name
        for path in templates().values()
        for name in re.findall(r'{%\s*extends\s+"?([\w/.]+)"?', path.read_text(encoding="utf-8"))
    }
    assert extended <= shells
    assert all(template_source(path) for path in templates().values())
