"""Countries and time zones to choose from, as the tz database lists them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from zoneinfo import available_timezones

import phonenumbers


@cache
def time_zones() -> list[tuple[str, str]]:
    """Zone names with a label each, UTC first; legacy aliases without a region are left out."""
    named = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))
    return [("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in named)]


@cache
def countries() -> list[tuple[str, str]]:
    """ISO 3166 codes of the countries that have a telephone plan, with their English names, by name."""
    table = files("tzdata").joinpath("zoneinfo/iso3166.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return sorted(
        ((code, name) for code, name in rows if code in phonenumbers.SUPPORTED_REGIONS), key=lambda country: country[1]
    )
