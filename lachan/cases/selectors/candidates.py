"""What a report names, for a person to tick."""

from lachan.cases.records import Candidate
from lachan.formats.observables.extraction import extract
from lachan.formats.observables.parsing import display
from lachan.formats.observables.record import Observable
from lachan.indicators.records import Tlp
from lachan.indicators.selectors import outlook_list
from lachan.members.records import Actor
from lachan.reports.records import Author, OpenReport

# These belong to somebody, and a report is not a verdict.
_PERSONAL = {"phone", "account", "email"}


def observables(opened: OpenReport) -> list[Observable]:
    """What the report and the reporter's messages point at, each once."""
    words = [opened.content.traces, opened.content.words]
    words += [m.words or "" for m in opened.messages if m.author is Author.REPORTER]
    return extract("\n\n".join(words))


def candidate_list(*, by: Actor, opened: OpenReport) -> list[Candidate]:
    """The same, with what the exchange knows and what its guard says; the reporter's own contact marked."""
    own = {(one.kind, one.value) for one in extract(opened.content.contact)}
    found = observables(opened)
    return [
        Candidate(
            kind=one.kind,
            value=one.value,
            shown=display(one.kind, one.value),
            own=(one.kind, one.value) in own,
            known=outlook.known or "",
            indicator=outlook.uid,
            warnings=tuple(warning.rule for warning in outlook.warnings),
            tlp=Tlp.AMBER if one.kind in _PERSONAL else Tlp.CLEAR,
        )
        for one, outlook in zip(found, outlook_list(by=by, observables=found), strict=True)
    ]
