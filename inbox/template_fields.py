"""What the variables of templates can be filled from, as people call it."""

from __future__ import annotations

from contacts.fields import fields_of

# The keys of `known_values.known_of`.
COMMON = [
    ("first_name", "First name"),
    ("name", "Full name"),
    ("phone", "Phone number"),
    ("email", "E-mail address"),
    ("language", "Language"),
]


def choices(workspace_id: int) -> list[tuple[str, str]]:
    """Key and label of each: what every contact has, then the workspace's own fields."""
    return [*COMMON, *((f"field.{field.key}", field.label) for field in fields_of(workspace_id))]
