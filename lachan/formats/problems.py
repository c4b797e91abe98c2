"""problem+json (RFC 9457): what went wrong with a call, for machines. docs/howto/errors.md lists the codes."""

from typing import Any

import msgspec

CONTENT_TYPE = "application/problem+json"
SCHEMA = {
    "type": "object",
    "required": ["type", "code", "status", "title"],
    "properties": {
        "type": {"type": "string"},
        "code": {"type": "string"},
        "status": {"type": "integer"},
        "title": {"type": "string"},
    },
}
"""Of JSON Schema; an answer may say more."""
CHALLENGE = 'Bearer realm="lachan"'
"""WWW-Authenticate, where an API key would help (RFC 6750, section 3)."""


def problem_bytes(status: int, code: str, title: str, **extra: Any) -> bytes:
    """The body.

    Args:
        status: of HTTP.
        code: stable, by which a program tells problems apart.
        title: in words, for who writes that program.
        extra: what else is known, by names of its own.
    """
    said = {"type": f"about:blank#{code}", "code": code, "status": status, "title": title, **extra}
    return msgspec.json.encode(said)
