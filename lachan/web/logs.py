import logging


class PrivateFilter(logging.Filter):
    """Keeps what people send out of the log.

    Django logs the path of a failing request, and tracebacks show local values through exception
    messages: both may hold a report's words. What stays is the logger, the level, the exception's class
    and the places in the code where it passed.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.request") or record.name.startswith("django.security"):
            record.msg, record.args = "request failed: %s", (getattr(record, "status_code", "?"),)
        if record.exc_info and record.exc_info[1] is not None:
            kind, _, trace = record.exc_info
            places = []
            while trace is not None:
                code = trace.tb_frame.f_code
                places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}")
                trace = trace.tb_next
            record.msg = f"{record.getMessage()} [{kind.__name__ if kind else '?'} at {' > '.join(places[-6:])}]"
            record.args, record.exc_info, record.exc_text = (), None, None
        return True
