import logging
import os
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from django.core.wsgi import get_wsgi_application

from lachan.kernel.process import die_with_parent
from lachan.web.logs import CountingHandler

log = logging.getLogger(__name__)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lachan.config.settings")
# granian's worker would outlive its killed master and keep the port.
die_with_parent(int(os.environ.get("LACHAN_WEB_MASTER", "0")) or None)
_django = get_wsgi_application()
# A worker that is started again later reads the secret anew: it may have gone or changed meanwhile.
if "LACHAN_WEB_MASTER" in os.environ:
    import_module("lachan.config.prepare").secret_expect()
    CountingHandler.serving = True


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django; whatever breaks before it can answer is counted here, since the server would log all of it."""
    try:
        return _django(environ, start_response)  # type: ignore[no-any-return]
    except Exception:
        log.exception("a request broke before it was answered")
        start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
        return [b""]
