"""What is known of a person, as the texts that templates are filled with."""

from __future__ import annotations

from contacts import values
from contacts.models import Contact, CustomField, Identity


def known_of(contact: Contact, identity: Identity) -> dict[str, str]:
    """Contact field → text, for those that have one: name, first_name, email, phone, language, field.<key>."""
    words = contact.name.split()
    found = {
        "name": " ".join(words),
        "first_name": words[0] if words else "",
        "email": contact.email,
        "phone": identity.phone,
        "language": contact.language,
    }
    if contact.fields:
        kinds = CustomField.objects.filter(workspace_id=contact.workspace_id, key__in=list(contact.fields))
        for key, kind in kinds.values_list("key", "kind"):
            found[f"field.{key}"] = " ".join(values.shown(kind, contact.fields[key]).split())
    return {name: text for name, text in found.items() if text}
