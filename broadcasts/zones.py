"""Which clock hangs on somebody's wall: their own zone where it is known, else the main one of their country."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from zoneinfo import available_timezones

# Where zone.tab does not begin with the zone most people live in.
MOST_PEOPLE = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
}


@cache
def known() -> frozenset[str]:
    """Every zone name the tz database has."""
    return frozenset(available_timezones())


@cache
def of_countries() -> dict[str, str]:
    """ISO 3166 code → the zone most people of that country live in."""
    found: dict[str, str] = {}
    for line in files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            code, _, zone = line.split("\t")[:3]
            found.setdefault(code, zone)
    return {**found, **MOST_PEOPLE}


def zone_of(time_zone: str, country: str, otherwise: str) -> str:
    """The zone of a person with this zone of their own, or of this country, or `otherwise`."""
    if time_zone in known():
        return time_zone
    return of_countries().get(country, otherwise)
