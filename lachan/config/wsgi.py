import os

from django.core.wsgi import get_wsgi_application

from lachan.kernel.process import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lachan.config.settings")
# granian's worker would outlive its killed master and keep the port.
die_with_parent(int(os.environ.get("LACHAN_WEB_MASTER", "0")) or None)
application = get_wsgi_application()
