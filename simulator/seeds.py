"""The people and templates a fresh simulator starts with. Numbers are from ranges reserved for fiction."""

from __future__ import annotations

from typing import Any

from simulator.records import Customer

CUSTOMERS = [
    ("447700900118", "Amelia Hartley", "GB.7710482263901"),
    ("12025550143", "Marcus Bell", "US.5520917734418"),
    ("966500000121", "نورة العتيبي", "SA.3398201746620"),
    ("201000000134", "محمود عبد الرحمن", "EG.8127730459914"),
    ("447700900152", "Priya Raman", "GB.4408812639075"),
    ("971500000168", "سارة المنصوري", "AE.6023917745532"),
    ("13125550176", "Daniel Okafor", "US.9914402837716"),
    ("962790000187", "ليث حداد", "JO.2750618834409"),
]


def seed_customers() -> list[Customer]:
    people = [Customer(number=number, name=name, user_id=user_id) for number, name, user_id in CUSTOMERS]
    # Somebody who hides the number behind a username: webhooks then carry a user id only.
    people.append(Customer(number="", name="Robin Vale", user_id="GB.8842190017745", username="robin.vale"))
    return people


def _header(text: str) -> dict[str, Any]:
    return {"type": "HEADER", "format": "TEXT", "text": text}


def _body(text: str, *examples: str) -> dict[str, Any]:
    component: dict[str, Any] = {"type": "BODY", "text": text}
    if examples:
        component["example"] = {"body_text": [list(examples)]}
    elif "{{first_name}}" in text:
        component["example"] = {"body_text_named_params": [{"param_name": "first_name", "example": "Amelia"}]}
    return component


def _card(name: str) -> dict[str, Any]:
    return {"components": [
        {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW1hZ2U="]}},
        {"type": "BODY", "text": name},
        {"type": "BUTTONS", "buttons": [
            {"type": "QUICK_REPLY", "text": "More about it"},
            {"type": "URL", "text": "Buy", "url": "https://shop.example/p/{{1}}",
             "example": ["https://shop.example/p/7"]}]},
    ]}  # fmt: skip


TEMPLATES = [
    ("hello_world", "en_US", "UTILITY", "APPROVED", [_header("Hello World"), _body("Your number is set up.")]),
    ("order_shipped", "en_GB", "UTILITY", "APPROVED", [
        _body("Hi {{1}}, your order {{2}} has left our warehouse.", "Amelia", "A-1042"),
        {"type": "FOOTER", "text": "Thank you for your order"},
        {"type": "BUTTONS", "buttons": [
            {"type": "URL", "text": "Track it", "url": "https://shop.example/t/{{1}}",
             "example": ["https://shop.example/t/A-1042"]},
            {"type": "QUICK_REPLY", "text": "Need help"}]}]),
    ("order_shipped", "ar", "UTILITY", "APPROVED", [
        _body("مرحبًا {{1}}، طلبك رقم {{2}} في الطريق إليك.", "نورة", "A-1042"),
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "أحتاج مساعدة"}]}]),
    ("appointment_reminder", "en_GB", "UTILITY", "APPROVED", [
        _header("See you soon"), _body("Your visit is on {{1}} at {{2}}. Can you make it?", "Monday", "10:30"),
        {"type": "BUTTONS", "buttons": [
            {"type": "QUICK_REPLY", "text": "Yes"}, {"type": "QUICK_REPLY", "text": "No"}]}]),
    ("spring_offer", "en_GB", "MARKETING", "APPROVED", [
        {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW1hZ2U="]}},
        _body("{{first_name}}, everything in the garden range is 20% off until Sunday."),
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Stop these messages"}]}]),
    ("sign_in_code", "en_GB", "AUTHENTICATION", "APPROVED", [
        _body("{{1}} is your verification code.", "204816"),
        {"type": "BUTTONS", "buttons": [
            {"type": "URL", "text": "Copy code", "url": "https://www.whatsapp.com/otp/code/?code={{1}}"}]}]),
    ("welcome_code", "en_GB", "MARKETING", "APPROVED", [
        _body("Welcome, {{1}}! Here is something off your first order.", "Amelia"),
        {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "text": "Copy offer code", "example": "SPRING20"}]}]),
    ("garden_range", "en_GB", "MARKETING", "APPROVED", [
        _body("Hi {{1}}, three favourites from the garden this week.", "Amelia"),
        {"type": "CAROUSEL", "cards": [_card("Terracotta pot"), _card("Olive tree"), _card("Watering can")]}]),
    ("visit_us", "en_GB", "UTILITY", "APPROVED", [
        {"type": "HEADER", "format": "LOCATION"}, _body("Your order is ready. We are open until six."),
        {"type": "BUTTONS", "buttons": [
            {"type": "PHONE_NUMBER", "text": "Call the shop", "phone_number": "+15550783001"}]}]),
    ("winter_sale", "en_GB", "MARKETING", "PAUSED", [_body("Hi {{1}}, the winter sale has begun.", "Amelia")]),
    ("loyalty_points", "en_GB", "MARKETING", "PENDING", [_body("You have {{1}} points left.", "120")]),
    ("free_gift", "en_GB", "MARKETING", "REJECTED", [_body("Claim your prize {{1}} now!", "Amelia")]),
    ("old_survey", "en_GB", "MARKETING", "DISABLED", [_body("How did we do, {{1}}?", "Amelia")]),
]  # fmt: skip


def seed_templates(waba_id: str) -> list[dict[str, Any]]:
    """Approved ones of each shape, and one each of what cannot be sent."""
    base = int(waba_id[-6:]) * 100 if waba_id[-6:].isdigit() else 77000100
    return [
        {
            "id": str(base + position),
            "name": name, "language": language, "category": category, "status": status,
            "parameter_format": "NAMED" if name == "spring_offer" else "POSITIONAL",
            "quality_score": {"score": "GREEN" if status == "APPROVED" else "UNKNOWN"},
            "rejected_reason": "ABUSIVE_CONTENT" if status == "REJECTED" else "NONE",
            "components": components,
        }
        for position, (name, language, category, status, components) in enumerate(TEMPLATES)
    ]  # fmt: skip
