"""Everything that a button on a case does: each a POST that ends on the case's page."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lachan.cases.records import NoSuchChoice, Pick, Status, ValueRefused
from lachan.cases.selectors.desk import case_get
from lachan.cases.services.claiming import case_claim, case_hand_over, case_release
from lachan.cases.services.linking import case_link, link_undo
from lachan.cases.services.notes import note_add
from lachan.cases.services.proposing import indicators_propose
from lachan.cases.services.rating import priority_set
from lachan.cases.services.working import (
    case_answer,
    case_classify,
    case_close,
    case_move,
    case_reopen,
    case_seen,
    clock_meet,
)
from lachan.kernel.bounds import number_read
from lachan.kernel.errors import Conflict, InvalidInput, LachanError, Refused
from lachan.members.policy import requires
from lachan.reports.policy import Action
from lachan.web.problems import status_of
from lachan.web.sent import SEEN

from .case import Draft, case_page
from .queue import KIND_WORDS

Work = Callable[[HttpRequest, UUID], str]
View = Callable[[HttpRequest, UUID], HttpResponse]
_MOST_PICKS = 50


# These only add: nothing that came since the page was made can be lost by them. A claim is its own check.
_ADDING = frozenset({"claim", "note", "propose"})
_OF_TWO = frozenset({"link", "unlink"})


def _act(name: str, work: Work) -> View:
    """A view around `work`, which gives the words that say that it is done."""

    @requires(Action.CASE_WORK)
    def view(request: HttpRequest, uid: UUID) -> HttpResponse:
        if request.method != "POST":  # somebody came back from the sign-in page
            return redirect("case", uid=uid)
        seen = request.POST.get(SEEN, "")
        try:
            if name in _ADDING:
                said = work(request, uid)
            else:
                lock = name not in _OF_TWO
                with case_seen(by=request.actor, uid=uid, seen=seen, lock=lock):
                    said = work(request, uid)
        except (Conflict, InvalidInput) as error:
            return _again(request, uid, name, error)
        if said:
            messages.success(request, said)
        return redirect("case", uid=uid)

    return view


def _again(request: HttpRequest, uid: UUID, name: str, error: LachanError) -> HttpResponse:
    """The page as it is now, with what was typed in its place and what was wrong."""
    row = case_get(by=request.actor, uid=uid)
    page: dict[str, Any] = {
        "draft": Draft(name, request.POST),
        "fault": _fault_words(error),
        "status": status_of(error),
    }
    is_mine = row.assignee_id == request.actor.person_id
    try:
        return case_page(request, row, is_open=is_mine, **page)
    except Refused:  # the key is locked: the words that were typed are worth more than the report
        return case_page(request, row, is_open=False, **page)


def _fault_words(error: LachanError) -> str:
    words = {
        "case-taken": _("Somebody else works on this case, or nobody does yet: claim it first."),
        "case-moved": _("The case has changed meanwhile. Please look at it again."),
        "stale": _(
            "Something has changed since you opened this page, or the reporter wrote. Please look first, "
            "then press once more: what you wrote is still in the form."
        ),
        "no-such-choice": _("Please choose one of the list."),
        "value-refused": _("What you added is still in the form: look at it again."),
    }
    return words.get(error.code, _("That could not be used: some words are missing or too long."))


def _claim(request: HttpRequest, uid: UUID) -> str:
    case_claim(by=request.actor, uid=uid)
    return _("The case is yours.")


def _release(request: HttpRequest, uid: UUID) -> str:
    case_release(by=request.actor, uid=uid)
    return _("The case is back in the queue.")


def _hand_over(request: HttpRequest, uid: UUID) -> str:
    words = request.POST.get("words", "")
    case_hand_over(by=request.actor, uid=uid, to=_uuid(request, "to"), words=words)
    return _("The case is handed over.")


def _answer(request: HttpRequest, uid: UUID) -> str:
    case_answer(
        by=request.actor,
        uid=uid,
        words=request.POST.get("words", ""),
        is_question=request.POST.get("question") == "1",
        token=request.POST.get("token", ""),
    )
    return _("The reporter finds your words in the inbox.")


def _note(request: HttpRequest, uid: UUID) -> str:
    note_add(by=request.actor, uid=uid, words=request.POST.get("words", ""))
    return _("The note is kept, sealed.")


def _move(request: HttpRequest, uid: UUID) -> str:
    to = request.POST.get("to", "")
    if to not in set(Status):
        raise NoSuchChoice("no such status")
    case_move(by=request.actor, uid=uid, to=Status(to))
    return ""


def _priority(request: HttpRequest, uid: UUID) -> str:
    text = request.POST.get("priority", "").strip()
    priority = number_read(text)
    if text and priority is None:
        raise InvalidInput("not a number")
    reason = request.POST.get("words", "")
    priority_set(by=request.actor, uid=uid, priority=priority, reason=reason)
    return _("The priority is set.") if text else _("The rules set the priority again.")


def _classify(request: HttpRequest, uid: UUID) -> str:
    case_classify(by=request.actor, uid=uid, category=request.POST.get("category", ""))
    return ""


def _clock(request: HttpRequest, uid: UUID) -> str:
    clock_meet(by=request.actor, uid=uid, clock=request.POST.get("clock", ""))
    return ""


def _link(request: HttpRequest, uid: UUID) -> str:
    kind = request.POST.get("kind", "")
    case_link(by=request.actor, uid=uid, other=_uuid(request, "other"), kind=kind)
    return _("The cases are linked. You can take it back.")


def _unlink(request: HttpRequest, uid: UUID) -> str:
    link_undo(by=request.actor, uid=_uuid(request, "link"))
    return _("The link is taken back.")


def _close(request: HttpRequest, uid: UUID) -> str:
    outcome, words = request.POST.get("outcome", ""), request.POST.get("words", "")
    case_close(by=request.actor, uid=uid, outcome=outcome, words=words)
    return _("The case is closed.")


def _reopen(request: HttpRequest, uid: UUID) -> str:
    case_reopen(by=request.actor, uid=uid)
    return _("The case is open again, and yours.")


def _propose(request: HttpRequest, uid: UUID) -> str:
    done = indicators_propose(by=request.actor, uid=uid, picks=_picks(request))
    for proposal in done:
        if proposal.fault:
            # A message rests in clear in a session or a cookie: no value of a sealed report goes there.
            kind = KIND_WORDS.get(proposal.pick.kind, _("What was added"))
            messages.warning(request, f"{kind} – {_propose_fault(proposal.fault)}")
    made = sum(not proposal.fault for proposal in done)
    said = (
        ngettext("%(n)s indicator is proposed.", "%(n)s indicators are proposed.", made)
        % {"n": made}
        if made
        else ""
    )
    if any(proposal.fault and not proposal.pick.kind for proposal in done):
        if said:
            messages.success(request, said)
        raise ValueRefused("what was typed could not be proposed")
    return said


def _propose_fault(code: str) -> str:
    words = {
        "indicator-exists": _("the exchange knows it already."),
        "invalid-observable": _("this is no address, number or account that can be read."),
        "refused": _("you may not propose this."),
    }
    return words.get(code, _("this could not be proposed."))


def _picks(request: HttpRequest) -> list[Pick]:
    found = []
    numbers = request.POST.getlist("pick")[:_MOST_PICKS]
    if request.POST.get("value-new", "").strip():
        numbers.append("new")
    for number in numbers:
        confidence = number_read(request.POST.get(f"confidence-{number}", ""), high=100)
        found.append(
            Pick(
                kind=request.POST.get(f"kind-{number}", ""),
                value=request.POST.get(f"value-{number}", ""),
                category=request.POST.get(f"category-{number}", ""),
                confidence=-1 if confidence is None else confidence,
                tlp=request.POST.get(f"tlp-{number}", ""),
            )
        )
    if not found:
        raise NoSuchChoice("nothing was ticked")
    return found


def _uuid(request: HttpRequest, name: str) -> UUID:
    try:
        return UUID(request.POST.get(name, ""))
    except ValueError:
        raise NoSuchChoice("no such thing") from None


_WORK: dict[str, Work] = {
    "claim": _claim,
    "release": _release,
    "hand-over": _hand_over,
    "answer": _answer,
    "note": _note,
    "move": _move,
    "classify": _classify,
    "priority": _priority,
    "clock": _clock,
    "link": _link,
    "unlink": _unlink,
    "propose": _propose,
    "close": _close,
    "reopen": _reopen,
}
ACTS: dict[str, View] = {name: _act(name, work) for name, work in _WORK.items()}
