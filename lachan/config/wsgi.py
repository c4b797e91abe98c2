import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

from lachan.kernel.process import die_with_parent
from lachan.web.logs import CountingHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lachan.config.settings")
# granian's worker would outlive its killed master and keep the port.
die_with_parent(int(os.environ.get("LACHAN_WEB_MASTER", "0")) or None)
application = get_wsgi_application()
# A worker that is started again later reads the secret anew: it may have gone or changed meanwhile.
if "LACHAN_WEB_MASTER" in os.environ:
    import_module("lachan.config.prepare").secret_expect()
    CountingHandler.serving = True
