"""A scheduler as a process of its own: `python -m tests.drills.schedule` starts what is due until it is killed."""

from __future__ import annotations

import time

import django

django.setup()

from broadcasts import firing  # noqa: E402

if __name__ == "__main__":
    while True:
        firing.fire_due()
        time.sleep(0.05)
