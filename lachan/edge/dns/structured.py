"""Why a name is blocked, for programs (draft-ietf-dnsop-structured-dns-error): EXTRA-TEXT as a JSON object, for who asks
for that. He does by an Extended DNS Error of his own in the question, of code 0 and without text, as versions 3 to 11 of
the draft have it and clients do; the option that later versions have has no number yet.
"""

import re

import msgspec

from lachan.edge.dns.policy import EDE_CODES, Policy
from lachan.formats.classification.categories import category_lineage
from lachan.formats.snapshot.records import Verdict

ORGANISATION = "Lá Chắn"
_CONTACT = re.compile(r"(?:https|mailto|tel|sips?):\S+")
_MALWARE, _PHISHING, _OPERATOR = 1, 2, 6


def structured_text(policy: Policy, verdict: Verdict) -> str:
    """The object, as short as can be: `c` where to turn to, `j` why, `s` a kind that programs know, `o` who says so, `l`
    in which language. Nothing in it is anybody's.
    """
    plain = msgspec.structs.replace(policy, appeal="")
    told: dict[str, object] = {}
    if _CONTACT.fullmatch(policy.appeal):
        told["c"] = [policy.appeal]
    # A contact that is no address is told in words.
    told["j"] = (plain if "c" in told else policy).reason_text(verdict)
    if kind := _sub_error(policy, verdict):
        told["s"] = kind
    told |= {"o": ORGANISATION, "l": "en"}
    return msgspec.json.encode(told).decode()


def _sub_error(policy: Policy, verdict: Verdict) -> int:
    """0 for none; what is imposed (censored) has none."""
    under = {code for word in verdict.categories for code in category_lineage(word)}
    if policy.ede == EDE_CODES["censored"]:
        return 0
    if "contract.malware" in under:
        return _MALWARE
    if "contract.phishing" in under:
        return _PHISHING
    return _OPERATOR if policy.ede == EDE_CODES["blocked"] else 0
