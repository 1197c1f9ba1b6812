"""Why somebody does not receive a broadcast, in words for people. Pure."""

from __future__ import annotations

# Reason -> what the breakdown, the recipients' table and the CSV call it.
LEFT_OUT = {
    "excluded": "Excluded by your own choice",
    "blocked": "Blocked",
    "no_address": "Cannot be reached over this channel",
    "opted_out": "Opted out",
    "no_consent": "Never agreed to marketing",
    "recent": "Got marketing too recently",
    "no_window": "Reply window closed, and no template chosen",
    "duplicate": "Shares the address of somebody else in the audience",
}
# When their turn came.
SKIPPED = {
    "opted_out": "Opted out before their turn came",
    "no_consent": "Consent was taken back before their turn came",
    "blocked": "Blocked before their turn came",
    "no_window": "Reply window closed before their turn came",
    "unfilled": "A value of the template is missing",
    "gone": "Deleted before their turn came",
    "merged": "Merged with somebody else of the audience",
    "missed": "Their own time had passed by more than an hour",
}
