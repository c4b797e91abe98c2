"""What goes wrong with a call, as problem+json (`formats.problems`).

Nothing of what was sent is ever said again.
"""

from lachan.formats.problems import CHALLENGE, problem_bytes


class Problem(Exception):
    """Attributes: status: of HTTP; code: stable; headers: besides the usual ones."""

    def __init__(
        self, status: int, code: str, title: str, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(title)
        self.status, self.code, self.title, self.headers = status, code, title, headers

    def body(self) -> bytes:
        return problem_bytes(self.status, self.code, self.title)


def key_refused() -> Problem:
    challenge = (("www-authenticate", CHALLENGE),)
    return Problem(401, "api-key-refused", "this key does not open look-ups", challenge)


def not_found() -> Problem:
    return Problem(404, "not-found", "there is POST /v1/match, and nothing else")


def wrong_method() -> Problem:
    return Problem(405, "wrong-method", "ask by POST", (("allow", "POST"),))


def too_large(limit: int) -> Problem:
    return Problem(413, "body-too-large", f"a body of at most {limit:,} bytes is read")


def unreadable(why: str) -> Problem:
    return Problem(422, "invalid-input", why)


def too_many_hits(limit: int) -> Problem:
    title = f"more than {limit:,} hits: ask for fewer values at once, or within a smaller radius"
    return Problem(422, "too-many-hits", title)


def too_many_values(limit: int) -> Problem:
    """More than a quota holds: no pause would help, so none is named."""
    title = f"more values than a key may ever ask for at once: send {limit:,} at most"
    return Problem(422, "too-many-values", title)


def quota_spent(seconds: int) -> Problem:
    title = "this key has asked for as many values as it may for now"
    return Problem(429, "quota-spent", title, (("retry-after", str(seconds)),))


def unavailable() -> Problem:
    title = "there is nothing to answer from now; try again after a pause"
    return Problem(503, "unavailable", title, (("retry-after", "5"),))


def broken() -> Problem:
    return Problem(500, "error", "something broke on our side")
