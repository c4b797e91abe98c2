"""Idempotent forms: one that is sent again is a repeat; it does nothing, and shows the answer that it got.

An impatient thumb, "back" and once more, a browser that tries again after a lost line: all of them send one
form's number twice. The same words on a fresh page have a number of their own. Number and answer are kept in
the transaction of what the form did, so that there is never one without the other; and sealed, since an
answer may hold a link or a key that is shown once.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import msgspec
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from lachan.kernel.clock import hour, now
from lachan.kernel.sealing.locks import lock_with, unlock_with
from lachan.outbox.services import durable

from .models import SentForm
from .problems import error_page
from .sent import MACHINERY, NUMBER, has_marks, number_read, posted

KEPT = timedelta(days=1)
Next = Callable[[HttpRequest], HttpResponse]


class _Answer(msgspec.Struct):
    status: int
    headers: dict[str, str]
    cookies: list[str]
    body: str


class RepeatsMiddleware:
    """Stands inside of what knows who asks (`request.actor`), outside of short messages."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        number = number_read(posted(request).get(NUMBER, "")) if has_marks(request) else None
        if number is None:
            return self.get_response(request)
        try:
            with durable(), transaction.atomic():
                return self._once(request, number)
        except (OperationalError, InterfaceError):
            return error_page(request, 503)

    def _once(self, request: HttpRequest, number: bytes) -> HttpResponse:
        row = SentForm(mark=_mark(request, number), sealed=b"", taken_hour=hour())
        try:
            # Whoever sends the same at the same moment waits here until the first is done.
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            return _shown_again(row.mark, number)
        response = self.get_response(request)
        _keep(row, response, number)
        return response


def _mark(request: HttpRequest, number: bytes) -> bytes:
    # With the fields: what is sent again and differs is not a repeat, and must not be lost.
    sender = getattr(getattr(request, "actor", None), "label", "")
    fields = [(name, values) for name, values in posted(request).lists() if name not in MACHINERY]
    said = msgspec.json.encode([sender, request.get_full_path(), fields])
    return hashlib.sha256(b"lachan form " + number + said).digest()


def _keep(row: SentForm, response: HttpResponse, number: bytes) -> None:
    if response.status_code >= 500:
        # What broke takes back what it had begun; it may be sent again.
        transaction.set_rollback(True)
        return
    if response.status_code >= 400:
        # It did nothing: what it may have left behind, as a line of the trail, stays.
        row.delete()
        return
    answer = _Answer(
        status=response.status_code,
        headers={name: response[name] for name in ("Location", "Content-Type") if name in response},
        cookies=[morsel.OutputString() for morsel in response.cookies.values()],
        body=response.content.decode(),
    )
    row.sealed = lock_with(msgspec.json.encode(answer).decode(), secret=number)
    row.save(update_fields=["sealed"])


def _shown_again(mark: bytes, number: bytes) -> HttpResponse:
    row = SentForm.objects.get(mark=mark)
    plain = unlock_with(bytes(row.sealed), secret=number)
    answer = msgspec.json.decode(plain.encode(), type=_Answer)
    if "Location" in answer.headers:
        response: HttpResponse = HttpResponseRedirect(answer.headers["Location"])
    else:
        response = HttpResponse(answer.body, status=answer.status, headers=answer.headers)
    for cookie in answer.cookies:
        response.cookies.load(cookie)
    return response


def sent_forms_purge() -> int:
    """Forget the forms of yesterday."""
    return SentForm.objects.filter(taken_hour__lt=now() - KEPT).delete()[0]
