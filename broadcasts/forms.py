"""What somebody chose and typed in the steps of a draft, read from its forms into the fields of the broadcast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from templates_mgmt.content import Content, places
from workspaces.places import time_zones

from .models import Broadcast

SOURCES = ("fixed", "field")
MOST_PICKS = 20  # of one side of an audience
LONGEST_TEXT = 4096  # what WhatsApp takes; also a bound for values
LOCATION = (("latitude", "Latitude"), ("longitude", "Longitude"), ("name", "Name"), ("address", "Address"))
RECENT = ((0, "does not matter"), (24, "24 hours"), (48, "2 days"), (72, "3 days"), (168, "a week"), (720, "30 days"))


class NameForm(forms.Form):
    """What a new broadcast is called by the team."""

    name = forms.CharField(max_length=120)


class AudienceForm(forms.Form):
    """The audience step without its rows, which `audience_in` reads."""

    purpose = forms.ChoiceField(choices=Broadcast.Purpose.choices, required=False)
    recent_hours = forms.TypedChoiceField(choices=RECENT, coerce=int, required=False, empty_value=None)


class ScheduleForm(forms.Form):
    """When and how fast. A draft may be half done: what is missing is said in the review."""

    timing = forms.ChoiceField(label="When", choices=Broadcast.Timing.choices)
    local_date = forms.DateField(label="Date", required=False)
    local_time = forms.TimeField(label="Time", required=False)
    time_zone = forms.ChoiceField(label="Time zone", required=False)
    repeat = forms.ChoiceField(label="Repeat", choices=Broadcast.Repeat.choices, required=False)
    repeat_until = forms.DateField(label="Repeat until", required=False)
    quiet = forms.BooleanField(label="Quiet hours", required=False)
    quiet_from = forms.TimeField(label="Quiet from", required=False)
    quiet_until = forms.TimeField(label="Quiet until", required=False)
    pace = forms.IntegerField(label="Messages a second", required=False, min_value=1, max_value=10_000)
    failure_limit = forms.IntegerField(label="Share of failures", required=False, min_value=1, max_value=100)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = self.fields["time_zone"]
        assert isinstance(zone, forms.ChoiceField)
        zone.choices = [("", ""), *time_zones()]

    def clean(self) -> dict[str, Any]:
        """Quiet hours need both ends; what the chosen timing has no use for is forgotten."""
        given = super().clean() or {}
        if given.get("quiet") and "quiet_from" in given and "quiet_until" in given:
            if given["quiet_from"] is None or given["quiet_until"] is None:
                self.add_error("quiet_from", "Say from when and until when nothing is sent.")
            elif given["quiet_from"] == given["quiet_until"]:
                self.add_error("quiet_until", "Quiet hours end at another time than they begin.")
        first, last = given.get("local_date"), given.get("repeat_until")
        if given.get("repeat") not in (None, "", "never") and first and last and last < first:
            self.add_error("repeat_until", "The last day is before the first.")
        return given

    def stored(self) -> dict[str, Any]:
        """The fields of the broadcast. Call it on a valid form."""
        given = self.cleaned_data
        planned = given["timing"] != Broadcast.Timing.NOW
        repeats = planned and given["repeat"] not in ("", Broadcast.Repeat.NEVER)
        return {
            "timing": given["timing"],
            "local_date": given["local_date"] if planned else None,
            "local_time": given["local_time"] if planned else None,
            "time_zone": given["time_zone"],
            "repeat": given["repeat"] if repeats else Broadcast.Repeat.NEVER,
            "repeat_until": given["repeat_until"] if repeats else None,
            "quiet_from": given["quiet_from"] if given["quiet"] else None,
            "quiet_until": given["quiet_until"] if given["quiet"] else None,
            "pace": given["pace"],
            **({"failure_limit": given["failure_limit"]} if given["failure_limit"] else {}),
        }


def audience_in(posted: QueryDict) -> dict[str, Any]:
    """Whom the rows of the form name, in the form audiences are stored in; unfinished rows are left out."""
    return {side: _picks(posted.getlist(side), posted.getlist(f"{side}_who")) for side in ("include", "exclude")}


def _picks(chosen: list[str], who: list[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number, written in enumerate(chosen[:MOST_PICKS]):
        pick = _pick(written, who[number] if number < len(who) else "all")
        if pick and pick not in found:
            found.append(pick)
    return found


def _pick(written: str, who: str) -> dict[str, Any]:
    kind, _, which = written[:80].partition(":")
    if kind == "everybody":
        return {"everybody": True}
    if kind in ("segment", "tag") and which.isdecimal() and len(which) < 12:
        return {kind: int(which)}
    if kind == "list" and which:
        return {"list": which}
    if kind == "broadcast" and which:
        return {"broadcast": which, "who": who[:20] or "all"}
    return {}


def variables_in(posted: Mapping[str, str], content: Content, known: Mapping[str, Any]) -> dict[str, Any]:
    """Where each place of the template takes its value from. A place the form does not have keeps what is `known`."""
    found: dict[str, Any] = {}
    for place in places(content):
        before = known.get(place.key)
        before = dict(before) if isinstance(before, dict) else {}
        name = f"v-{place.key}"
        if place.kind == "media":
            found[place.key] = before
        elif place.kind == "location":
            found[place.key] = _location(posted, name, before)
        elif f"{name}-source" in posted:
            found[place.key] = _value(posted, name)
        else:
            found[place.key] = before
    return found


def _location(posted: Mapping[str, str], name: str, before: dict[str, Any]) -> dict[str, Any]:
    if f"{name}-latitude" not in posted:
        return before
    parts = {part: posted.get(f"{name}-{part}", "").strip()[:200] for part, _ in LOCATION}
    return {"source": "fixed", "value": {part: text for part, text in parts.items() if text}}


def _value(posted: Mapping[str, str], name: str) -> dict[str, Any]:
    source, _, field = posted.get(f"{name}-source", "").partition(":")
    if source == "field":
        return {"source": source, "value": field[:60], "fallback": _text(posted, f"{name}-fallback").strip()}
    return {"source": "fixed", "value": _text(posted, f"{name}-value").strip()}


def _text(posted: Mapping[str, str], name: str) -> str:
    return posted.get(name, "").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")[:LONGEST_TEXT]


def text_in(posted: Mapping[str, str]) -> str:
    """The text that goes out instead of a template."""
    return _text(posted, "text").strip()
