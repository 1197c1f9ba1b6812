"""Webhook changes about templates. They name the account and no number.

Shapes: developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference (read 2026-09).
"""

from __future__ import annotations

from typing import Any

from simulator.records import Template

# Why a review failed: what the reviewer writes, and what they suggest.
WORDS = {
    "INVALID_FORMAT": ("The variables are not in a valid format.", "Check the variables and their samples."),
    "PROMOTIONAL": ("The content is promotional.", "Submit it as marketing, or remove the promotion."),
    "ABUSIVE_CONTENT": ("The content is abusive or threatening.", "Reword the message."),
    "SCAM": ("The content looks like a scam.", "Do not ask for sensitive details."),
    "TAG_CONTENT_MISMATCH": ("The content does not fit its language or category.", "Correct the language or category."),
    "INCORRECT_CATEGORY": ("The content does not fit its category.", "Pick the category that fits."),
}
PAUSES = "Your message template has been paused for 3 hours because its quality is low."


def _named(template: Template) -> dict[str, Any]:
    number = int(template.id) if template.id.isdecimal() else template.id  # a number here, text in the API
    return {
        "message_template_id": number,
        "message_template_name": template.name,
        "message_template_language": template.language,
    }


def status_change(
    template: Template, *, reason: str = "NONE", explanation: str = "", recommendation: str = ""
) -> dict[str, Any]:
    """The template has the status it has now."""
    value = {
        "event": template.status,
        **_named(template),
        "message_template_language": template.language.replace("_", "-"),  # the one field that writes it so
        "reason": reason,
        "message_template_category": template.category,
    }
    if template.status == "REJECTED":
        usual = WORDS.get(reason, ("The template breaks a policy.", "Read the policy."))
        value["rejection_info"] = {"reason": explanation or usual[0], "recommendation": recommendation or usual[1]}
    elif template.status == "PAUSED":
        title = reason if reason != "NONE" else "FIRST_PAUSE"
        value |= {"reason": "NONE", "other_info": {"title": title, "description": explanation or PAUSES}}
    elif template.status == "DISABLED":
        value["disable_info"] = {"disable_date": explanation or "today"}
    return {"field": "message_template_status_update", "value": value}


def quality_change(template: Template, previous: str) -> dict[str, Any]:
    """The template's quality is another one now."""
    scores = {"previous_quality_score": previous, "new_quality_score": template.quality}
    return {"field": "message_template_quality_update", "value": {**scores, **_named(template)}}


def category_change(template: Template) -> dict[str, Any]:
    """The template's category is another one now, or, in the advance notice, will be."""
    value = _named(template) | {"new_category": template.category}
    if template.next_category:
        value["correct_category"] = template.next_category
        value["category_update_timestamp"] = int(template.category_at or 0)
    else:
        value["previous_category"] = template.previous_category
    return {"field": "template_category_update", "value": value}


def components_change(template: Template) -> dict[str, Any]:
    """The template's texts, after somebody changed them."""
    value = _named(template)
    for part in template.components:
        kind = part.get("type")
        if kind == "BODY":
            value["message_template_element"] = part.get("text", "")
        elif kind == "FOOTER":
            value["message_template_footer"] = part.get("text", "")
        elif kind == "HEADER" and part.get("text"):
            value["message_template_title"] = part["text"]
        elif kind == "BUTTONS":
            value["message_template_buttons"] = [_button(button) for button in part.get("buttons") or []]
    return {"field": "message_template_components_update", "value": value}


def _button(button: dict[str, Any]) -> dict[str, Any]:
    parts = ("type", "text", "url", "phone_number")
    return {f"message_template_button_{name}": button[name] for name in parts if button.get(name)}
