"""Observables, what a person can point at: an address, a number, an account, a fingerprint."""

import dataclasses

from lachan.kernel.errors import InvalidInput

REASONS = {
    "ambiguous": "it could be several things: say which kind it is",
    "bad-characters": "it holds characters that do not belong there",
    "bad-host": "the host name cannot be read",
    "bad-length": "it has the wrong length",
    "bad-url": "the address cannot be read",
    "control-characters": "it holds invisible control characters",
    "empty": "there is nothing in it",
    "label-too-long": "one part between the dots is longer than 63 letters",
    "name-too-long": "the name is longer than 253 letters",
    "network-not-address": "it is a whole network, not one address",
    "no-dot": "a name needs a dot and a known ending",
    "not-a-number": "it is not a telephone number",
    "number-impossible": "no such telephone number can exist",
    "platform-unknown": "the platform is not in the list of platforms",
    "platform-missing": "an account needs its platform, as in tiktok:name",
    "handle-invalid": "the account name does not fit the platform",
    "scheme-unsupported": "only http and https addresses are kept",
    "scoped-address": "the address holds for one machine's own interface only",
    "too-long": "it is too long",
    "unknown-kind": "there is no such kind",
    "unrecognised": "it is no address, number, account or fingerprint that we know",
}


class InvalidObservable(InvalidInput):
    """A value that cannot be read as the kind asked for.

    Attributes:
        reason: stable code, a key of `REASONS`. The message never repeats the value: it may be somebody's.
    """

    code = "invalid-observable"

    def __init__(self, reason: str) -> None:
        super().__init__(REASONS[reason])
        self.reason = reason


class InvalidKey(InvalidInput):
    """A value that is not one of its kind, where a snapshot's key is made of it."""

    code = "invalid-key"


@dataclasses.dataclass(frozen=True, slots=True)
class Observable:
    """One value in its canonical form.

    Attributes:
        kind: the name of a folder in `kinds/`.
        value: the canonical form; equal things have equal values.
        raw: what was written.
        span: start and end in the text it was found in, from `extraction.extract` only.
    """

    kind: str
    value: str
    raw: str = dataclasses.field(compare=False, default="")
    span: tuple[int, int] | None = dataclasses.field(compare=False, default=None)
