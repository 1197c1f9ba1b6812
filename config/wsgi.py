"""The web process: `granian --interface wsgi config.wsgi:application`."""

import os
import sys

from django.core.checks import ERROR, run_checks
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

if faults := [fault for fault in run_checks(tags=["database"], databases=["default"]) if fault.level >= ERROR]:
    sys.exit("\n".join(f"Refused to start: {fault.msg} {fault.hint or ''}".rstrip() for fault in faults))
