"""What Meta says about templates, in plain words: subcodes of refused changes, and reasons of rejections.

Subcodes: developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (read 2026-09); 2388043,
2388060, 2388093 and 2388185 are not on that page and come from what integrators saw.
Reasons: the reference of the webhook message_template_status_update, under .../whatsapp/webhooks/reference/
(read 2026-09).
"""

from __future__ import annotations

REWORD = "Change the text and submit it again."

# error_subcode of codes 100 and 10: what happened, what to do.
TEMPLATE_SUBCODES: dict[int, tuple[str, str]] = {
    2388019: (
        "This WhatsApp account already has as many templates as Meta allows.",
        "Delete templates nobody uses, then submit this one again.",
    ),
    2388023: (
        "Meta is still deleting this language of the template, which takes up to 30 days.",
        "Use another name, or submit it again once the old one is gone.",
    ),
    2388024: (
        "Meta already has a template with this name in this language.",
        "Synchronise the templates and edit that one, or use another name.",
    ),
    2388039: (
        "Meta does not let this template be changed at present: it is in review, or was edited too often.",
        "Wait for the review to end. An approved template can be edited once in 24 hours and ten times in 30 days.",
    ),
    2388040: ("A part of the template is too long.", "Shorten it and submit it again."),
    2388043: (
        "A part of the template lacks something Meta requires, such as a sample for each variable.",
        "Complete it and submit it again.",
    ),
    2388047: ("The header is not in a form Meta accepts.", "Correct the header and submit it again."),
    2388060: (
        "A button's text is not in a form Meta accepts.",
        "Buttons take plain text without variables, emoji or line breaks.",
    ),
    2388072: (
        "The body is not in a form Meta accepts.",
        "Check its variables and their samples, then submit it again.",
    ),
    2388073: ("The footer is not in a form Meta accepts.", "Footers take plain text without variables."),
    # Seen for several different faults in the template's content, so Meta's own words have to do.
    2388093: ("Meta did not accept the template's content.", "Check the samples and the name, then submit it again."),
    2388185: (
        "This WhatsApp account may not create this kind of template yet.",
        "Finish the business verification in Meta Business settings. Authentication templates need it.",
    ),
    2388293: (
        "The body has too many variables for so little text.",
        "Write more text around the variables, or use fewer of them.",
    ),
    2388299: (
        "The body starts or ends with a variable.",
        "Put words before the first and after the last variable; punctuation is not enough.",
    ),
}

# Codes whose usual words speak of a message; in answers about templates they mean this.
ABOUT_TEMPLATES: dict[int, tuple[str, str]] = {
    33: (
        "Meta does not show this template or account to the access token.",
        "Synchronise the templates, and check the account id in the channel's settings.",
    ),
    100: ("WhatsApp did not accept a part of the template.", "Correct it and submit it again."),
    131009: ("WhatsApp did not accept a part of the template.", "Correct it and submit it again."),
}

REJECTIONS: dict[str, tuple[str, str]] = {
    "ABUSIVE_CONTENT": ("Meta took the content for abusive or threatening.", REWORD),
    "CATEGORY_NOT_AVAILABLE": ("Meta does not offer this category to this account.", "Pick another category."),
    "INCORRECT_CATEGORY": ("The content does not fit its category.", "Pick the category that fits, or reword it."),
    "INVALID_FORMAT": (
        "Meta could not read the content.",
        "Check variables and samples, special characters, spelling and links.",
    ),
    "PROMOTIONAL": (
        "Meta took the content for advertising.",
        "File it under marketing, or leave out what advertises.",
    ),
    "SCAM": ("Meta took the content for a scam.", "Say who you are, ask for no sensitive details, and reword it."),
    "TAG_CONTENT_MISMATCH": (
        "The content does not fit the category or language.",
        "Pick the category that fits, and write in the language chosen.",
    ),
}
