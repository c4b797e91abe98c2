import os

from django.core.wsgi import get_wsgi_application

from lachan.kernel.process import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lachan.config.settings")
die_with_parent()  # granian's worker would outlive its killed master and keep the port
application = get_wsgi_application()
