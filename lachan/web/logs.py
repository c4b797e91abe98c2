"""Filters of the log, which gets nothing that people send, and no moment at which they were here."""

import logging

from lachan.kernel.tally import Tally

_PLACES = 6


class PrivateFilter(logging.Filter):
    """Keeps what people send out of the log.

    Libraries put paths, hosts and values into their messages, and exceptions quote what they could not read:
    both may hold a report's words. What stays is the logger, the level, a status, the exception's class, the
    places in the code where it passed, and the message where it is our own.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "is_private", False):  # another handler's filter was first
            return True
        said = record.getMessage() if record.name.startswith("lachan") else _unsaid(record)
        if record.exc_info and record.exc_info[1] is not None:
            kind, _, trace = record.exc_info
            places = []
            while trace is not None:
                code = trace.tb_frame.f_code
                places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}")
                trace = trace.tb_next
            said += f" [{kind.__name__ if kind else '?'} at {' > '.join(places[-_PLACES:])}]"
        record.msg, record.args = said, ()
        record.is_private = True
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def _unsaid(record: logging.LogRecord) -> str:
    status = getattr(record, "status_code", None)
    return f"request failed: {status}" if status else "something failed, or wants to be known"


class CountingHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes lines to stderr; those that a visitor can cause it counts, and says so once an hour."""

    serving = False
    """Whether this process answers visitors: then all that it says may be caused by one."""

    def __init__(self) -> None:
        super().__init__()
        self.tally = Tally(self._say)

    def emit(self, record: logging.LogRecord) -> None:
        if self.serving or record.name.startswith(_OF_VISITORS):
            self.tally.count(f"{record.levelname} {record.name}: {record.getMessage()}")
        else:
            super().emit(record)

    def _say(self, line: str) -> None:
        if not self.stream.closed:  # at the end of a process
            fields = {"name": __name__, "levelname": "WARNING", "msg": line}
            super().emit(logging.makeLogRecord(fields))


# The worker hears of a report a moment after it came.
_OF_VISITORS = ("django.request", "django.security", "lachan.outbox")
