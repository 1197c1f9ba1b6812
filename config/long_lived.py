"""What a process that lives long and works hard does once everything is loaded."""

from __future__ import annotations

import gc
import sys

# Containers made before the youngest are looked through, and how many such looks before an older generation is.
# At Python's own 700 the collector took 70 of the sender's 300 microseconds a message.
GARBAGE = (50_000, 20, 20)
# Seconds a thread that waits for the interpreter lets another go on. A sender's database threads wait twenty times a
# batch; at Python's own 5 ms that was a fifth of the batch's time.
TURN = 0.001


def settle_in() -> None:
    """What is loaded now stays for good and is not walked through again; threads take shorter turns."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    sys.setswitchinterval(TURN)
