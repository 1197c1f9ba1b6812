"""Harbour Clinic: a clinic in England, with no member in common with the shop."""

from __future__ import annotations

from .stories import DAY, HOUR, Person, Story, Team, customer, sends, taps, team

PEOPLE = [
    Person("margaret", "Margaret Lowe", "margaret@harbour-clinic.example", "owner"),
    Person("david", "David Penrose", "david@harbour-clinic.example", "admin"),
    Person("chloe", "Chloe Barker", "chloe@harbour-clinic.example", "marketer"),
    Person("ben", "Ben Whitfield", "ben@harbour-clinic.example", "agent"),
    Person("aisha", "Aisha Karim", "aisha@harbour-clinic.example", "agent"),
]
CLINIC = {"latitude": 50.7989, "longitude": -1.0912, "name": "Harbour Clinic", "address": "4 Gunwharf Road, Portsmouth"}

STORIES = [
    Story("Grace Turner", "447700900301", assigned="ben", unread=1, always_open=True, lines=[
        customer(5 * HOUR, "Good morning, can I move my appointment to next week?"),
        team("ben", 5 * HOUR - 8, "Of course, Grace. Tuesday 10:30 or Thursday 14:00?"),
        customer(18, "Thursday please"),
    ]),
    Story("Peter Langley", "447700900302", unread=2, always_open=True, lines=[
        customer(62, "Hello, are you open on Sunday?"),
        customer(60, "", "voice", file="voice"),
    ]),
    Story("Yusuf Demir", "447700900303", assigned="aisha", lines=[
        customer(9 * HOUR, "How do I find you?"),
        team("aisha", 9 * HOUR - 3, "Five minutes from the station:"),
        team("aisha", 9 * HOUR - 4, "", "location", content=CLINIC),
        customer(8 * HOUR, "Found it, thank you"),
    ]),
    Story("Ellen Marsh", "447700900304", assigned="ben", resolved=True, lines=[
        customer(3 * DAY, "Could I have my invoice again?"),
        team("ben", 3 * DAY - 25, "Here it is, Ellen.", "document", file="invoice:Invoice 2231.pdf"),
    ]),
    Story("Oliver Grant", "447700900305", unread=1, lines=[
        customer(24 * HOUR - 50, "Do I need to fast before the blood test?"),
    ]),
    Story("Mei Chen", "447700900306", assigned="aisha", lines=[
        customer(2 * DAY, "My prescription has run out"),
        team("aisha", 2 * DAY - 40, "Dr Lowe has renewed it, you can collect it at the desk.", status="delivered"),
    ]),
    Story("Tom Ashby", "447700900307", assigned="ben", lines=[
        customer(7 * HOUR, "Is this the form you need?", "image", file="photo:form"),
        team("ben", 7 * HOUR - 14, "It is. Page two as well, please.", status="failed", error="131026"),
    ]),
    Story("Rosa Almeida", "447700900308", unread=1, lines=[
        sends("ben", 30 * HOUR, "appointment_reminder:en", body_2="Friday", body_3="16:00"),
        taps(29 * HOUR, "Yes"),
        customer(37, "Thank you for yesterday 🙏"),
    ]),
]  # fmt: skip

TEAM = Team(
    slug="harbour-clinic",
    name="Harbour Clinic",
    country="GB",
    time_zone="Europe/London",
    people=PEOPLE,
    channel_name="Reception WhatsApp",
    verified_name="Harbour Clinic",
    phone_number_id="106540352240002",
    waba_id="102290129340002",
    number="+44 7700 900300",
    stories=STORIES,
)
