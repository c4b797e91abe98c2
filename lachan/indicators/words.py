"""What this room's codes are called on pages."""

from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from lachan.formats.classification.categories import categories, categories_on
from lachan.formats.sharing import Tlp
from lachan.kernel.clock import now

from .records import Status

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
KINDS = {
    "domain": _("site"),
    "url": _("web address"),
    "ipv4": _("network address"),
    "ipv6": _("network address"),
    "email": _("e-mail address"),
    "phone": _("phone number"),
    "account": _("account"),
    "md5": _("file fingerprint MD5"),
    "sha1": _("file fingerprint SHA-1"),
    "sha256": _("file fingerprint SHA-256"),
    "pdq": _("picture fingerprint PDQ"),
}
TLPS = {
    Tlp.CLEAR: _("TLP:CLEAR: everybody"),
    Tlp.GREEN: _("TLP:GREEN: the community"),
    Tlp.AMBER: _("TLP:AMBER: members"),
    Tlp.AMBER_STRICT: _("TLP:AMBER+STRICT: this organisation"),
    Tlp.RED: _("TLP:RED: this organisation, not to be passed on"),
}
CONFIDENCES = [
    (40, _("perhaps (40)")),
    (60, _("likely (60)")),
    (80, _("sure (80)")),
    (100, _("proved (100)")),
]
RULES = {
    "public-suffix": _("Strangers register names below it: all of them would be blocked."),
    "well-known": _("Many people use it every day."),
    "government": _("It belongs to a government, a school or an international organisation."),
    "member": _("It belongs to a member organisation."),
    "shared-hosting": _("Strangers share this host: block one address or subdomain instead."),
    "content-network": _(
        "Sites of many people are reached by names of this content network: block the site's own name."
    ),
    "shortener": _("Strangers share this link shortener: block what stands behind the link."),
    "reserved-address": _("It is a private or reserved address, another one for everybody."),
    "public-service": _("It is a public name server or a service that everybody needs."),
    "emergency-number": _("It is an emergency or help line."),
    "empty-file": _("It is the fingerprint of an empty file or a blank picture."),
    "infrastructure": _(
        "Devices and networks need it to work: certificates, clocks, updates, names."
    ),
    "embedded": _("Pages everywhere load statistics or advertising from it."),
    "popular-site": _("It is on the list of well-known sites: many people use it."),
    "bank": _("It is called as a bank is. Look whether it is one."),
    "school": _("It is called as a school is. Look whether it is one."),
    "association": _(
        "It is called as a club, a congregation or a charity is. Look whether it is one."
    ),
    "lets-part-through": _("The list itself lets a part of it through."),
    "warning-list": _("A list of false alarms that the operator keeps names it."),
    "withdrawn-before": _("A person took it back once."),
}
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
    return [(c.code, c.name(language)) for c in categories_on(now().date())]


def choices(words: dict[Any, Any]) -> list[tuple[str, Any]]:
    return [(str(code), text) for code, text in words.items()]
