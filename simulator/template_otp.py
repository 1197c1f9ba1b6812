"""Authentication templates: nobody writes their text, so what is submitted differs from what is listed and sent.

developers.facebook.com/documentation/business-messaging/whatsapp/templates/authentication-templates (read 2026-09).
"""

from __future__ import annotations

from typing import Any

from simulator.errors import TemplateError

KINDS = ("COPY_CODE", "ONE_TAP", "ZERO_TAP")
LONGEST_MINUTES = 90
# language → the code's sentence, the warning, the expiry, the button; English for those not listed
TEXTS = {
    "en": ("*{{1}}* is your verification code.", "For your security, do not share this code.",
           "This code expires in %d minutes.", "Copy code"),
    "ar": ("*{{1}}* هو رمز التحقق الخاص بك.", "لحمايتك، لا تشارك هذا الرمز.", "تنتهي صلاحية هذا الرمز خلال %d دقيقة.",
           "نسخ الرمز"),
    "fr": ("*{{1}}* est votre code de vérification.", "Pour votre sécurité, ne partagez pas ce code.",
           "Ce code expire dans %d minutes.", "Copier le code"),
    "es": ("*{{1}}* es tu código de verificación.", "Por tu seguridad, no compartas este código.",
           "Este código caduca en %d minutos.", "Copiar código"),
    "de": ("*{{1}}* ist dein Bestätigungscode.", "Teile diesen Code zu deiner Sicherheit mit niemandem.",
           "Dieser Code läuft in %d Minuten ab.", "Code kopieren"),
}  # fmt: skip


def listed_form(components: Any, language: str) -> list[dict[str, Any]]:
    """Check the submitted parts and put the provider's texts in. Raises TemplateError."""
    parts = _parts(components)
    sentence, warning, expiry, copy = TEXTS.get(language.partition("_")[0], TEXTS["en"])
    secure = parts.get("BODY", {}).get("add_security_recommendation") is True
    body: dict[str, Any] = {"type": "BODY", "text": f"{sentence} {warning}" if secure else sentence}
    if secure:
        body["add_security_recommendation"] = True
    body["example"] = {"body_text": [["123456"]]}
    listed = [body]
    if "FOOTER" in parts:
        minutes = parts["FOOTER"].get("code_expiration_minutes")
        if type(minutes) is not int or not 1 <= minutes <= LONGEST_MINUTES:
            raise _wrong(f"code_expiration_minutes must be between 1 and {LONGEST_MINUTES}.")
        listed.append({"type": "FOOTER", "text": expiry % minutes, "code_expiration_minutes": minutes})
    button = _otp_button(parts)
    address = f"https://www.whatsapp.com/otp/code/?otp_type={button['otp_type']}&code=otp{{{{1}}}}"
    shown = {"type": "URL", "text": button.get("text") or copy, "url": address,
             "example": [address.replace("{{1}}", "123456")]}  # fmt: skip
    return [*listed, {"type": "BUTTONS", "buttons": [shown]}]


def _parts(components: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(components, list) or not all(isinstance(part, dict) for part in components):
        raise _wrong("components must be a list of objects.")
    parts = {str(part.get("type", "")).upper(): part for part in components}
    if unknown := set(parts) - {"BODY", "FOOTER", "BUTTONS"}:
        raise _wrong(f"Authentication templates have no {', '.join(sorted(unknown))}.")
    if "text" in parts.get("BODY", {}) or "text" in parts.get("FOOTER", {}):
        raise _wrong("Authentication templates have preset text; text is not allowed.")
    return parts


def _otp_button(parts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    buttons = parts.get("BUTTONS", {}).get("buttons")
    if not isinstance(buttons, list) or len(buttons) != 1 or not isinstance(buttons[0], dict):
        raise _wrong("Authentication templates have one button, of type OTP.")
    button = buttons[0]
    if button.get("type") != "OTP" or button.get("otp_type") not in KINDS:
        raise _wrong(f"The button must be of type OTP, with an otp_type of {', '.join(KINDS)}.")
    if button["otp_type"] != "COPY_CODE" and not button.get("supported_apps"):
        raise _wrong("supported_apps is required for ONE_TAP and ZERO_TAP.")
    return button


def _wrong(message: str) -> TemplateError:
    return TemplateError("Invalid authentication template", message)
