"""The web process: `granian --interface wsgi config.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from config import long_lived  # noqa: E402
from config.database_role import refuse_unbound_role  # noqa: E402  (needs the settings)

refuse_unbound_role()
long_lived.settle_in()
