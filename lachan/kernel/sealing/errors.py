"""What sealing can fail with; no message ever quotes a key, a receipt or a word of the content.

LachanError
├ InvalidInput
│   ├ KeyUnusable         not an age X25519 key
│   ├ ReceiptMalformed    not 28 digits
│   ├ ReceiptMiscopied    28 digits, but the two check digits disagree
│   ├ SharesUnusable      too few shares, mixed sets, or one that was altered
│   └ WorkRefused         a proof of work that is forged, too late or too small
├ Refused
│   ├ SealBroken          not for this key, or altered on the way
│   └ LockHeld            wrong password or secret, or an altered lock: they cannot be told apart
└ Unavailable
    └ TurnsTaken          too many passwords are being looked at; try again soon
"""

from lachan.kernel.errors import InvalidInput, Refused, Unavailable


class KeyUnusable(InvalidInput):
    code = "key-unusable"


class ReceiptMalformed(InvalidInput):
    code = "receipt-malformed"


class ReceiptMiscopied(InvalidInput):
    code = "receipt-miscopied"


class SharesUnusable(InvalidInput):
    code = "shares-unusable"


class WorkRefused(InvalidInput):
    code = "work-refused"


class SealBroken(Refused):
    code = "seal-broken"


class LockHeld(Refused):
    code = "lock-held"


class TurnsTaken(Unavailable):
    code = "turns-taken"
