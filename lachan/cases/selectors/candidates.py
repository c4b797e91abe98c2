"""Candidates for indicators: what a report names, for a person to tick."""

from lachan.cases.records import Candidate
from lachan.formats.observables.extraction import extract
from lachan.formats.observables.lookups import host_of
from lachan.formats.observables.parsing import display
from lachan.formats.observables.record import Observable
from lachan.formats.sharing import Tlp
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


def with_hosts(found: list[Observable]) -> list[Observable]:
    """Each thing once, and after each web address its whole site: DNS can block a name, not a path."""
    seen: dict[tuple[str, str], Observable] = {}
    for one in found:
        seen.setdefault((one.kind, one.value), one)
        if one.kind == "url":
            host = Observable(*host_of(one.value))
            seen.setdefault((host.kind, host.value), host)
    return list(seen.values())


def candidate_list(*, by: Actor, opened: OpenReport) -> list[Candidate]:
    """The same, with what the exchange knows and what its guard says; the reporter's own contact marked."""
    own = {(one.kind, one.value) for one in extract(opened.content.contact)}
    found = with_hosts(observables(opened))
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
