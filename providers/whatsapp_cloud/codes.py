"""Meta's error codes: what to do about each, and what to tell people.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (read 2026-09).
Only the code decides. The HTTP status does not: throttles come as 400, 403 and 429 alike.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from providers.base import Explanation
from providers.types import FailureClass, ThrottleScope
from providers.whatsapp_cloud.template_codes import TEMPLATE_SUBCODES

ADMIN = "Ask an administrator to look at this number in Meta Business settings."
REPLACE_IT = "Create a new one in Meta Business settings under System users and paste it into the channel's settings."
PERMISSIONS = (
    "Give the token's system user access to this WhatsApp account with the permissions whatsapp_business_messaging "
    "and whatsapp_business_management."
)
AUTOMATIC = "Try again in a few minutes."
SLOWER = "Wait a while, then try again."
FIX_TEMPLATE = "Compare the values with the template and send it again."


class Code(NamedTuple):
    """`wait` is the least number of seconds before another try, when Meta does not say.

    It stays open for 131056: Meta asks for 4^n seconds before try n, and only the caller counts tries.
    """

    failure_class: FailureClass
    text: str
    action: str = ""
    scope: ThrottleScope | None = None
    wait: float | None = None


_CREDENTIALS: dict[int, tuple[str, str]] = {
    0: ("WhatsApp no longer accepts the access token.", REPLACE_IT),
    3: ("The app may not use this part of WhatsApp.", PERMISSIONS),
    10: ("The access token has no permission for this.", PERMISSIONS),
    102: ("The session behind the access token has ended.", REPLACE_IT),
    104: ("The request carried no access token.", REPLACE_IT),
    190: ("The access token has expired or was withdrawn.", REPLACE_IT),
    368: ("Meta has blocked this account for breaking its policies.", ADMIN),
    803: ("Meta does not find this number or account with this access token.", PERMISSIONS),
    131005: ("The access token has no permission for this number.", PERMISSIONS),
    131031: ("Meta has locked this WhatsApp account.", ADMIN),
    131037: ("The number's display name is not approved yet.", "Get the display name approved in WhatsApp Manager."),
    131042: ("Meta could not charge the account.", "Check the payment method in Meta Business settings."),
    131045: ("The number is not registered for sending.", "Register the number in WhatsApp Manager."),
    133010: ("The number is not registered with the Cloud API.", "Register the number in WhatsApp Manager."),
    133016: ("The number was registered too often in a short time.", "Wait 72 hours before registering it again."),
    134011: ("The payment terms are not accepted.", "Accept WhatsApp's payment terms in WhatsApp Manager."),
}

_THROTTLES: dict[int, Code] = {
    4: Code("throttle", "The app has used up its calls for now.", SLOWER, "account", 60.0),
    17: Code("throttle", "The account has used up its calls for now.", SLOWER, "account", 60.0),
    32: Code("throttle", "The account has used up its calls for now.", SLOWER, "account", 60.0),
    341: Code("throttle", "The app has used up its calls for now.", SLOWER, "account", 60.0),
    613: Code("throttle", "Too many calls in a short time.", SLOWER, "account", 60.0),
    80007: Code("throttle", "The WhatsApp account has used up its calls for now.", SLOWER, "account", 60.0),
    80008: Code("throttle", "The WhatsApp account has used up its calls for now.", SLOWER, "account", 60.0),
    130429: Code("throttle", "The number is sending faster than WhatsApp allows.", SLOWER, "sender", 1.0),
    131048: Code(
        "throttle",
        "WhatsApp holds this number back because too many of its messages were blocked or reported.",
        "Pause broadcasts and check the number's quality in WhatsApp Manager.",
        "sender",
        3600.0,
    ),
    131056: Code("throttle", "Too many messages to this person in a short time.", SLOWER, "recipient"),
    131064: Code(
        "throttle",
        "Meta limits this account because templates were filed under the wrong category.",
        "Hold broadcasts and correct the templates' categories in WhatsApp Manager.",
        "account",
        3600.0,
    ),
    132069: Code("throttle", "The flow was sent too often in the last hour.", SLOWER, "sender", 360.0),
}

_TRANSIENT: dict[int, Code] = {
    1: Code("retry", "WhatsApp had an unknown problem.", AUTOMATIC),
    2: Code("retry", "WhatsApp is temporarily down.", AUTOMATIC),
    131000: Code("retry", "WhatsApp had an unknown problem.", AUTOMATIC),
    131016: Code("retry", "WhatsApp is temporarily overloaded.", AUTOMATIC),
    131053: Code("retry", "WhatsApp could not take the file.", "If it keeps failing, check the file's type and size."),
    131057: Code("retry", "WhatsApp is working on this number at the moment.", AUTOMATIC, wait=60.0),
    133004: Code("retry", "WhatsApp is temporarily down.", AUTOMATIC),
    135000: Code("retry", "WhatsApp could not process the template.", AUTOMATIC),
}

_RECIPIENT: dict[int, tuple[str, str]] = {
    130403: ("Your business has blocked this person.", "Unblock them before writing again."),
    130472: (
        "Meta keeps marketing messages from this person as part of an experiment.",
        "Wait for them to write first. Trying again does not help.",
    ),
    131026: (
        "WhatsApp cannot deliver to this person: not on WhatsApp, an old app, or they blocked you.",
        "Check the number. Trying again does not help.",
    ),
    131050: ("This person stopped marketing messages from your business.", "Do not send them marketing."),
}

_PERMANENT: dict[int, tuple[str, str]] = {
    33: ("Meta does not know this number id.", "Check the phone number id in the channel's settings."),
    100: ("WhatsApp did not understand a part of the message.", "Correct it and send it again."),
    130497: ("This account may not write to people in that country.", "See Meta's list of countries and trades."),
    131008: ("The message lacks something WhatsApp requires.", "Complete it and send it again."),
    131009: ("A value in the message is not valid.", "Correct it and send it again."),
    131021: ("The message is addressed to the sending number itself.", "Pick another recipient."),
    131047: (
        "More than 24 hours have passed since this person last wrote.",
        "Send a template, or wait for them to write.",
    ),
    131049: (
        "Meta held this marketing message back: the person has received enough marketing for now.",
        "Wait at least 24 hours before sending them marketing. Their number is fine.",
    ),
    131051: ("WhatsApp does not support this type of message.", "Send it in another form."),
    131052: ("WhatsApp could not fetch the file.", "Ask the person to send it again."),
    131055: ("The marketing API does not accept this message.", "Send it as an ordinary template."),
    131062: ("This message needs a phone number; only a user id is known.", "Ask the person for it."),
    131063: ("The marketing API is not available for this message.", "Send it as an ordinary template."),
    132000: ("The template got the wrong number of values.", FIX_TEMPLATE),
    132001: (
        "The template does not exist in this language, or is not approved.",
        "Synchronise the templates and pick an approved one.",
    ),
    132005: ("The template is too long once filled in.", "Use shorter values."),
    132007: ("The template's content breaks a WhatsApp policy.", "Change the template and submit it again."),
    132012: ("A value does not fit the template's format.", FIX_TEMPLATE),
    132015: ("Meta paused this template because of its low quality.", "Use another one, or improve this one."),
    132016: ("Meta disabled this template for good.", "Make a new template with other content."),
    132018: ("A value in the template is not allowed.", "Remove line breaks, tabs and long runs of spaces."),
    132068: ("The flow in this message is blocked.", "Repair the flow in WhatsApp Manager."),
    133000: ("An earlier removal of this number is unfinished.", "Remove it again, then register it."),
    133005: ("The two-step PIN is wrong.", "Enter the right PIN, or reset it in WhatsApp Manager."),
    133006: ("The number must be verified first.", "Verify it with a code, then register it."),
    133008: ("The PIN was wrong too often.", "Wait before trying again."),
    133009: ("The PIN was entered too quickly.", "Wait a moment and try again."),
    133015: ("This number was removed a moment ago.", "Wait five minutes and register it again."),
    134100: ("The marketing API takes marketing templates only.", "Pick a marketing template."),
    134101: ("The template is not yet known to the marketing API.", "Wait ten minutes and send it again."),
    134102: ("The template cannot be used with the marketing API.", "Send it as an ordinary template."),
    1752041: ("The marketing API got the same request twice.", "Nothing: the first one counts."),
}

CODES: dict[int, Code] = {
    **{number: Code("credentials", *words) for number, words in _CREDENTIALS.items()},
    **_THROTTLES,
    **_TRANSIENT,
    **{number: Code("recipient", *words) for number, words in _RECIPIENT.items()},
    **{number: Code("permanent", *words) for number, words in (_PERMANENT | TEMPLATE_SUBCODES).items()},
}

# Where Meta's own details say what exactly is wrong, so they are worth showing.
DETAILED = frozenset({100, 131008, 131009, 131051, 131053, 132000, 132012, 132018, 135000}) | set(TEMPLATE_SUBCODES)

# Permanent for this attempt, but the same message goes through once something outside it has changed.
REPAIRABLE = frozenset({33, 130403, 133000, 133005, 133006, 133008, 133009, 133015, 134101})

_PERMISSION = Code("credentials", "The access token lacks a permission.", PERMISSIONS)
_UNKNOWN = Code("permanent", "WhatsApp refused the message.", "Look at the code and WhatsApp's own words.")
_UNKNOWN_TRANSIENT = Code("retry", "WhatsApp had a temporary problem.", AUTOMATIC)
_AREAS: tuple[tuple[range, str], ...] = (
    (range(138000, 139000), "WhatsApp refused the call."),
    (range(139100, 139104), "WhatsApp could not change whom the business has blocked."),
    (range(147001, 147006), "WhatsApp refused the username."),
    (range(2388000, 2389000), "WhatsApp refused the change to the template or number."),
    (range(2494000, 2495000), "Signing the account up did not finish."),
)


def classify(code: int | None, error_type: str = "", is_transient: bool = False) -> Code:
    """What to do about an error code. A code nobody has listed fails visibly instead of being tried again."""
    if code is None:
        return _UNKNOWN_TRANSIENT if is_transient else _UNKNOWN
    if code == 0 and error_type != "OAuthException":
        return _UNKNOWN
    known = CODES.get(code)
    if known is not None:
        return known
    if 200 <= code <= 299:
        return _PERMISSION
    for area, text in _AREAS:
        if code in area:
            return Code("permanent", text, _UNKNOWN.action)
    return _UNKNOWN_TRANSIENT if is_transient else _UNKNOWN


def explain(code: str) -> Explanation:
    """A code in plain words. Also takes the words used where no provider answered."""
    if code in UNANSWERED:
        return UNANSWERED[code]
    number = as_code(code)
    found = classify(number, "OAuthException")
    # Nobody knows what an unlisted code means, so a person may try.
    final = number in CODES and number not in REPAIRABLE and found.failure_class in ("permanent", "recipient")
    return Explanation(found.text, found.action, not final)


UNANSWERED = {
    "connect": Explanation("WhatsApp could not be reached.", AUTOMATIC),
    "no_answer": Explanation(
        "WhatsApp did not answer, so it is not known whether the message was sent.",
        "Wait for a delivery report before sending it again.",
    ),
    "unclear_answer": Explanation(
        "WhatsApp's answer was not understood, so it is not known whether the message was sent.",
        "Wait for a delivery report before sending it again.",
    ),
}


def as_code(value: Any) -> int | None:
    """An error code as a number; Meta sends numbers, some gateways send digits as text."""
    if type(value) is int:
        return value
    if isinstance(value, str) and len(value) <= 18 and value.isascii() and value.isdigit():
        return int(value)
    return None
