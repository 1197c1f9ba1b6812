"""Templates to test with, as Meta lists them."""

from __future__ import annotations

from typing import Any

Components = list[dict[str, Any]]

ORDER: Components = [
    {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}", "example": {"header_text": ["A-77"]}},
    {
        "type": "BODY",
        "text": "Hi {{1}}, your order {{2}} has left us and will be with you soon.",
        "example": {"body_text": [["Ana", "A-77"]]},
    },
    {"type": "FOOTER", "text": "Harbour Books"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "QUICK_REPLY", "text": "Help"},
            {
                "type": "URL",
                "text": "Track",
                "url": "https://harbour.example/t/{{1}}",
                "example": ["https://harbour.example/t/A-77"],
            },
            {"type": "PHONE_NUMBER", "text": "Call us", "phone_number": "+15550100200"},
        ],
    },
]

NAMED: Components = [
    {
        "type": "BODY",
        "text": "Dear {{first_name}}, table {{table}} is yours at eight. See you soon, {{first_name}}, at the harbour.",
        "example": {
            "body_text_named_params": [
                {"param_name": "first_name", "example": "Ana"},
                {"param_name": "table", "example": "12"},
            ]
        },
    }
]

PICTURE: Components = [
    {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}},
    {
        "type": "BODY",
        "text": "Our new catalogue is here. Code {{1}} takes ten off.",
        "example": {"body_text": [["TEN"]]},
    },
    {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "example": "TEN"}]},
]

PLACE: Components = [{"type": "HEADER", "format": "LOCATION"}, {"type": "BODY", "text": "Here is where to find us."}]


def card(form: str = "IMAGE", body: str = "Fern, {{1}} each, in a pot") -> dict[str, Any]:
    """One card of CAROUSEL."""
    return {
        "components": [
            {"type": "HEADER", "format": form, "example": {"header_handle": ["4::aW"]}},
            {"type": "BODY", "text": body, "example": {"body_text": [["9 pounds"]]}},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "More like this"},
                    {
                        "type": "URL",
                        "text": "Buy",
                        "url": "https://plants.example/{{1}}",
                        "example": ["https://plants.example/fern"],
                    },
                ],
            },
        ]
    }


CAROUSEL: Components = [
    {
        "type": "BODY",
        "text": "Fresh from the greenhouse for you, {{1}}: two of our favourites.",
        "example": {"body_text": [["Ana"]]},
    },
    {"type": "CAROUSEL", "cards": [card(), card(body="Palm, {{1}} each, in a pot")]},
]

CODE: Components = [
    {"type": "BODY", "add_security_recommendation": True},
    {"type": "FOOTER", "code_expiration_minutes": 10},
    {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy code"}]},
]

# The same once it exists at Meta: text in its language, the button a link.
CODE_THERE: Components = [
    {
        "type": "BODY",
        "text": "*{{1}}* est votre code de vérification.",
        "add_security_recommendation": True,
        "example": {"body_text": [["123456"]]},
    },
    {"type": "FOOTER", "text": "Ce code expire dans 10 minutes.", "code_expiration_minutes": 10},
    {
        "type": "BUTTONS",
        "buttons": [
            {
                "type": "URL",
                "text": "Copier le code",
                "url": "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code_expiration_minutes=10&code=otp{{1}}",
                "example": ["https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp123456"],
            }
        ],
    },
]

QUICK: Components = [{"type": "BODY", "text": "Hello {{name}}, thanks for writing to us."}]

ALL = {
    "order": ORDER,
    "named": NAMED,
    "picture": PICTURE,
    "place": PLACE,
    "carousel": CAROUSEL,
    "code": CODE,
    "quick": QUICK,
}
