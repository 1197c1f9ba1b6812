#!/usr/bin/env python
"""Django's command line. `bin/manage` runs it with private servers; production calls it directly."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # Commands, workers among them, may run longer statements than a web request.
    os.environ.setdefault("STATEMENT_TIMEOUT_SECONDS", "60")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
