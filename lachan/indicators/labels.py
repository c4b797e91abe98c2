"""Labels of this room's codes on pages."""

from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from lachan.formats.classification.categories import categories, categories_on
from lachan.formats.guard.declared import guard_rules
from lachan.formats.sharing import Tlp
from lachan.formats.snapshot.keys import kinds_by_code
from lachan.kernel.country import today
from lachan.web.data_texts import data_text_lazy

from .records import Confidence, Status

STATUS = {
    Status.PROPOSED: _("Proposed"),
    Status.PUBLISHED: _("Published"),
    Status.COVERED: _("Covered by a shared one"),
    Status.WITHDRAWN: _("Withdrawn"),
    Status.EXPIRED: _("Expired"),
    Status.REJECTED: _("Rejected"),
}
STATUS_TAG = {
    Status.PROPOSED: "warn",
    Status.PUBLISHED: "bad",
    Status.REJECTED: "",
    Status.WITHDRAWN: "",
}
KINDS = {kind.name: data_text_lazy(kind.label) for kind in kinds_by_code().values()}
TLPS = {
    Tlp.CLEAR: _("TLP:CLEAR: everybody"),
    Tlp.GREEN: _("TLP:GREEN: the community"),
    Tlp.AMBER: _("TLP:AMBER: members"),
    Tlp.AMBER_STRICT: _("TLP:AMBER+STRICT: this organisation"),
    Tlp.RED: _("TLP:RED: this organisation, not to be passed on"),
}
CONFIDENCES = [
    (Confidence.PERHAPS.value, _("perhaps (40)")),
    (Confidence.LIKELY.value, _("likely (60)")),
    (Confidence.SURE.value, _("sure (80)")),
    (Confidence.PROVED.value, _("proved (100)")),
]
RULES = {code: data_text_lazy(rule.said) for code, rule in guard_rules().items()}
DISPUTE_REASONS = {
    "mistake": _("There is nothing bad there"),
    "mine": _("It is mine, and it is not what you say"),
    "help": _("It helps or teaches: health, school, advice"),
    "fixed": _("It was bad once and is not any more"),
    "other": _("Something else"),
}
OUTCOMES = {
    "withdrawn": _("Taken back: it is not blocked any more"),
    "kept": _("Kept: it stays blocked"),
}
DECISIONS = {
    "approve": _("approved"),
    "reject": _("rejected"),
    "withdraw": _("withdrawn"),
    "widen": _("shared more widely"),
}
LINE_REASONS = {
    "ambiguous": _("could be several things"),
    "already-in-review": _("waits for a review already"),
    "bad-characters": _("characters that do not belong there"),
    "bad-csv": _("not well-formed CSV"),
    "bad-host": _("host name that cannot be read"),
    "bad-hosts-line": _("no address in front"),
    "bad-length": _("wrong length"),
    "bad-url": _("address that cannot be read"),
    "binary": _("binary data"),
    "control-characters": _("invisible control characters"),
    "cosmetic-rule": _("rule that only hides parts of a page"),
    "empty": _("nothing in it"),
    "exception-rule": _("rule that allows"),
    "handle-invalid": _("account name that the platform does not give"),
    "label-too-long": _("part longer than 63 letters"),
    "let-through": _("let through by another line of the list"),
    "line-too-long": _("line longer than 16,384 bytes"),
    "local-name": _("the machine's own name"),
    "name-too-long": _("name longer than 253 letters"),
    "narrow-rule": _("rule that holds only sometimes"),
    "network-not-address": _("a whole network"),
    "no-dot": _("name without an ending"),
    "no-head": _("no row above it that names the columns"),
    "no-value": _("row without a value"),
    "not-a-number": _("not a telephone number"),
    "not-json": _("not a JSON object"),
    "not-to-block": _("not to be blocked, says the list itself"),
    "not-utf-8": _("not UTF-8 text"),
    "number-impossible": _("telephone number that cannot exist"),
    "other-form": _("not of the list's form"),
    "pattern-rule": _("pattern, not an address"),
    "platform-missing": _("account without its platform, as in tiktok:name"),
    "platform-unknown": _("platform that we do not know"),
    "published-though-proposed": _("published, though a proposal of it waits"),
    "published-though-rejected": _("published, though a reviewer rejected it once"),
    "real-host": _("name with an address of its own, not blocked"),
    "removal": _("no longer listed, says the change list"),
    "scheme-unsupported": _("neither http nor https"),
    "scoped-address": _("address of one machine's own interface"),
    "setting": _("setting, not a blocked name"),
    "too-long": _("too long"),
    "unknown-flag": _("unclear whether it is to be blocked"),
    "unknown-holder": _("part of the list of which nothing says that it is to be blocked"),
    "unknown-kind": _("unknown kind"),
    "unrecognised": _("no address, number, account or fingerprint"),
    **RULES,
}


def category_name(code: str) -> str:
    """A category in the reader's language; the code where it is not in the list any more."""
    category = categories().get(code)
    return category.name(get_language() or "vi") if category else code


def category_choices() -> list[tuple[str, str]]:
    """Today's categories for a form."""
    language = get_language() or "vi"
    return [(c.code, c.name(language)) for c in categories_on(today())]


def choices(words: dict[Any, Any]) -> list[tuple[str, Any]]:
    return [(str(code), text) for code, text in words.items()]
