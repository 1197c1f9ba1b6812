"""The templates of Harbour Clinic: in English, Arabic and French, one in every status."""

from __future__ import annotations

from .template_specs import (
    Spec,
    ask,
    body,
    buttons,
    call,
    carousel,
    code,
    contact,
    foot,
    head,
    link,
    picture,
    reply,
)

NAME = contact("first_name", "Grace", "there")
VISIT = {"body:1": NAME, "body:2": ask("Tuesday 24 November"), "body:3": ask("10:30")}
BOOK = "https://harbour-clinic.example/book/{{1}}"


def card(text: str, label: str) -> list[dict]:
    return [
        picture(),
        body(text),
        buttons(reply("Tell me more"), link("Book", f"https://harbour-clinic.example/{label}")),
    ]


TEMPLATES = [
    Spec(
        "appointment_reminder",
        "en",
        "utility",
        "approved",
        [
            head("See you soon"),
            body(
                "Hello {{1}}, your appointment is on *{{2}}* at *{{3}}*. Can you make it?",
                "Grace",
                "Tuesday 24 November",
                "10:30",
            ),
            foot("Harbour Clinic, Portsmouth"),
            buttons(reply("Yes"), reply("No, another day"), call("Call us", "+447700900300")),
        ],
        VISIT,
        quality="green",
    ),
    Spec(
        "appointment_reminder",
        "ar",
        "utility",
        "approved",
        [
            body("مرحبًا {{1}}، موعدك يوم *{{2}}* الساعة *{{3}}*. هل يناسبك؟", "عائشة", "الثلاثاء", "10:30"),
            buttons(reply("نعم"), reply("لا، موعد آخر")),
        ],
        VISIT,
        quality="green",
    ),
    Spec(
        "appointment_reminder",
        "fr",
        "utility",
        "in_review",
        [
            body(
                "Bonjour {{1}}, votre rendez-vous est le *{{2}}* à *{{3}}*. Est-ce que cela vous convient ?",
                "Grace",
                "24/11",
                "10:30",
            ),
            buttons(reply("Oui"), reply("Non, un autre jour")),
        ],
        VISIT,
    ),
    Spec(
        "test_results_ready",
        "en",
        "utility",
        "approved",
        [
            body("Hello {{1}}, your results are ready. Please open them on our pages.", "Grace"),
            buttons(link("Open", BOOK, "https://harbour-clinic.example/book/77A")),
        ],
        {"body:1": NAME, "button.0:1": ask("77A")},
        quality="green",
    ),
    Spec(
        "flu_jab",
        "en",
        "marketing",
        "approved",
        [
            picture(),
            body(
                "{{first_name}}, flu jabs are here. It takes ten minutes and needs no appointment on Saturday.",
                first_name="Grace",
            ),
            buttons(reply("Book me in"), reply("No more reminders")),
        ],
        {"body:first_name": NAME},
        named=True,
        quality="green",
        files={"header:media": "photo:form"},
    ),
    Spec(
        "our_services",
        "en",
        "marketing",
        "approved",
        [
            body("Hello {{1}}, three things we now offer:", "Grace"),
            carousel(
                card("Physiotherapy with Mr Hall", "physio"),
                card("Travel vaccinations", "travel"),
                card("Hearing tests in one visit", "hearing"),
            ),
        ],
        {"body:1": NAME},
        quality="yellow",
        files={
            "card.0.header:media": "photo:form",
            "card.1.header:media": "photo:vase",
            "card.2.header:media": "photo:ivory",
        },
    ),
    Spec(
        "portal_code",
        "en",
        "authentication",
        "approved",
        code(
            "*{{1}}* is your verification code. For your security, do not share this code.",
            "This code expires in 10 minutes.",
            "Copy code",
        ),
        {"body:1": ask("204816")},
        quality="green",
    ),
    Spec(
        "summer_check",
        "en",
        "marketing",
        "paused",
        [body("Hi {{1}}, is it time for a check-up before you travel?", "Grace")],
        {"body:1": NAME},
        quality="red",
        reason="FIRST_PAUSE",
    ),
    Spec(
        "miracle_cure",
        "en",
        "marketing",
        "rejected",
        [body("Lose ten kilos in a week, {{1}}, guaranteed!", "Grace")],
        {"body:1": NAME},
        reason="ABUSIVE_CONTENT",
        explanation="Promises about health that cannot be kept are not allowed.",
    ),
    Spec(
        "old_feedback",
        "fr",
        "marketing",
        "disabled",
        [body("Comment s'est passée votre visite, {{1}} ?", "Grace")],
        {"body:1": NAME},
        quality="red",
    ),
    Spec("opening_2024", "ar", "utility", "archived", [body("افتتحنا فرعًا جديدًا في الميناء.")]),
    Spec(
        "invoice_due",
        "en",
        "utility",
        "draft",
        [body("Hello {{1}}, invoice {{2}} is due this week.", "Grace", "2231")],
        {"body:1": NAME, "body:2": ask("2231")},
    ),
    Spec(
        "Before a blood test",
        "en",
        "",
        "approved",
        [body("Please do not eat for eight hours before the test, {{first_name}}. Water is fine.")],
        {"body:first_name": NAME},
        named=True,
    ),
    Spec(
        "How to find us",
        "en",
        "",
        "approved",
        [
            {"type": "HEADER", "format": "IMAGE"},
            body("We are at 4 Gunwharf Road, five minutes from the station."),
        ],
        named=True,
        files={"header:media": "photo:form"},
    ),
]
