"""Where the browser for the browser tests is, and how it is started."""

from __future__ import annotations

import os
import shutil
from functools import cache
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Without these a headless Chromium looks up its maker's hosts at every start.
LAUNCH = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-gpu",
    "--no-first-run",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
]


@cache
def chromium() -> str | None:
    """The path that CHROMIUM names, an installed Chromium or Chrome, or the one Playwright downloaded."""
    if named := os.environ.get("CHROMIUM"):
        return shutil.which(named)
    if found := next((path for name in NAMES if (path := shutil.which(name))), None):
        return found
    downloads = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return next((str(path) for path in sorted(downloads.glob("chromium-*/chrome-linux*/chrome"), reverse=True)), None)
