"""Which column of a file means what: guessed from titles and contents, decided by people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from contacts.models import CustomField
from contacts.words import tokens

from . import cells
from .phones import BadPhone, digits_of

# Target → how it is called on the page, and words that title such a column.
TARGETS: dict[str, tuple[str, str]] = {
    "phone": (
        "Phone number",
        "phone|phone number|mobile|mobile number|mobile phone|cell|cell phone|cellphone|telephone|tel|number|whatsapp|"
        "whatsapp number|contact number|msisdn|wa id|telefon|handy|handynummer|telefonnummer|téléphone|numéro|portable|"
        "numéro de téléphone|teléfono|móvil|celular|número|número de teléfono|telefone|número de telefone|هاتف|الهاتف|"
        "رقم الهاتف|جوال|الجوال|رقم الجوال|موبايل|رقم الموبايل|رقم|واتساب|رقم الواتساب|फ़ोन|मोबाइल|फोन नंबर|फ़ोन नंबर|فون|"
        "موبائل|فون نمبر|موبائل نمبر|telepon|nomor telepon|no hp|nomor hp|nomor|ponsel",
    ),
    "name": (
        "Full name",
        "name|full name|fullname|contact name|customer|customer name|client|display name|nom|nom complet|nom et prénom|"
        "nombre|nombre completo|cliente|nome|nome completo|الاسم|اسم|الاسم الكامل|اسم العميل|العميل|नाम|पूरा नाम|نام|"
        "پورا نام|nama|nama lengkap|ad soyad|vollständiger name",
    ),
    "first_name": (
        "First name",
        "first name|firstname|given name|forename|prénom|primer nombre|nombre de pila|primeiro nome|vorname|"
        "الاسم الأول|पहला नाम|پہلا نام|nama depan|ad",
    ),
    "last_name": (
        "Last name",
        "last name|lastname|surname|family name|nom de famille|apellido|apellidos|sobrenome|nachname|اسم العائلة|"
        "الاسم الأخير|اللقب|उपनाम|خاندانی نام|nama belakang|soyad",
    ),
    "email": (
        "E-mail",
        "email|e mail|mail|email address|e mail address|courriel|adresse email|adresse e mail|correo|"
        "correo electrónico|endereço de email|البريد|البريد الإلكتروني|بريد|الايميل|ايميل|ईमेल|ای میل|surel|eposta|"
        "e posta",
    ),
    "language": (
        "Language",
        "language|lang|locale|langue|idioma|lengua|língua|sprache|اللغة|لغة|भाषा|زبان|bahasa|dil",
    ),
    "country": ("Country", "country|country code|pays|país|pais|land|الدولة|البلد|دولة|देश|ملک|negara|ülke"),
    "time_zone": ("Time zone", "time zone|timezone|fuseau horaire|zona horaria|fuso horário|zeitzone|المنطقة الزمنية"),
    "tags": (
        "Tags",
        "tag|tags|label|labels|group|groups|étiquette|étiquettes|etiqueta|etiquetas|grupo|gruppe|وسم|وسوم|الوسوم|"
        "تصنيف|المجموعة|टैग|ٹیگ|etiket",
    ),
    "consent": (
        "Consent to marketing (yes or no)",
        "consent|marketing|marketing consent|opt in|optin|opted in|newsletter|subscribed|consentement|consentimiento|"
        "suscrito|consentimento|einwilligung|موافقة|الموافقة|موافقة التسويق|التسويق|सहमति|رضامندی|persetujuan|izin",
    ),
    "id": ("Carillon ID (from an export)", "carillon id"),
}
IGNORE = ""
FIELD, NEW = "field:", "new:"  # + key of a custom field; + kind of one to be made, titled like the column
MANY = {"tags", IGNORE}  # targets that several columns may have
SURE = 0.8  # share of the first rows whose content has to fit


class MappingRefused(ValueError):
    """The columns cannot be used like this; the text says why."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """What people decided about a file."""

    columns: tuple[str, ...]
    country: str = ""  # of numbers without a country code
    duplicates: str = "update"  # what happens to people who exist: update, or skip
    consent: str = "none"  # none, column, or stated for everybody in the file
    wording: str = ""
    tag: str = ""  # given to everybody in the file

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Mapping:
        known = {name: stored[name] for name in cls.__dataclass_fields__ if name in stored}
        return cls(**{**known, "columns": tuple(stored.get("columns", ()))})

    def stored(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {"columns": list(self.columns)}


def guess(titles: Sequence[str], samples: Sequence[Sequence[str]], fields: Sequence[CustomField]) -> list[str]:
    """A target for each column, IGNORE where nothing speaks for one. No target is given twice."""
    own = {_folded(word): f"{FIELD}{field.key}" for field in fields for word in (field.label, field.key)}
    guessed: list[str] = []
    for place, title in enumerate(titles):
        values = [row[place] for row in samples if place < len(row) and row[place].strip()]
        target = own.get(_folded(title)) or _by_words().get(_folded(title), IGNORE)
        if not _fits(target, values):
            target = IGNORE
        target = target or _by_content(values)
        guessed.append(target if target in MANY or target not in guessed else IGNORE)
    return guessed


def _folded(title: str) -> str:
    return " ".join(tokens(title.replace("_", " ")))


@cache
def _by_words() -> dict[str, str]:
    return {_folded(word): target for target, (_, words) in TARGETS.items() for word in words.split("|")}


def _share(values: Sequence[str], read: Callable[[str], object]) -> float:
    fitting = 0
    for value in values:
        try:
            fitting += bool(read(value))
        except (BadPhone, cells.BadCell):
            continue
    return fitting / len(values) if values else 0.0


def _phone(value: str) -> str:
    # Seven digits at least: whether the country code is there is decided later.
    return digits_of(value, "DE") if sum(map(str.isdigit, value)) >= 7 else ""


def _fits(target: str, values: Sequence[str]) -> bool:
    """Whether the contents do not speak against a title. A column without any is believed."""
    if not values:
        return True
    if target == "consent":
        return _share(values, cells.consent) >= SURE
    if target in {"language", "country", "time_zone"}:
        return _share(values, getattr(cells, target)) >= 0.5
    return target != "phone" or _share(values, lambda value: sum(map(str.isdigit, value)) >= 5) >= 0.5


def _by_content(values: Sequence[str]) -> str:
    if len(values) == 0:
        return IGNORE
    if _share(values, lambda value: "@" in value and cells.email(value)) >= SURE:
        return "email"
    if _share(values, _phone) >= SURE and any(
        value.strip()[:1] in {"+", "0", "٠"} or len(value) > 9 for value in values
    ):
        return "phone"
    return IGNORE


def looks_like_titles(row: Sequence[str]) -> bool:
    """Whether a first row names columns: no number and no address in it, and most of it filled."""
    filled = [cell for cell in row if cell.strip()]
    if not filled or len(filled) * 2 < len(row):
        return False
    return not any("@" in cell or sum(map(str.isdigit, cell)) >= 5 for cell in filled)


def choices(fields: Sequence[CustomField]) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a column can be mapped to, in groups, for a select."""
    kinds = [
        (f"{NEW}{kind.value}", f"New field: {kind.label.lower()}") for kind in CustomField.Kind if kind != "choice"
    ]
    return [
        ("", [(IGNORE, "Leave out")]),
        ("Every contact has", [(target, label) for target, (label, _) in TARGETS.items()]),
        *([("Your fields", [(f"{FIELD}{field.key}", field.label) for field in fields])] if fields else []),
        ("Make a field", kinds),
    ]


def refuse_unusable(mapping: Mapping, titles: Sequence[str], fields: Sequence[CustomField]) -> None:
    """Raises MappingRefused when the columns cannot be imported like this."""
    known = {value for _, options in choices(fields) for value, _ in options}
    if len(mapping.columns) != len(titles) or not set(mapping.columns) <= known:
        raise MappingRefused("The columns have changed in the meantime. Look through them again.")
    chosen = list(mapping.columns)
    twice = [target for target in TARGETS if target not in MANY and chosen.count(target) > 1]
    twice += [target for target in chosen if target.startswith(FIELD) and chosen.count(target) > 1]
    if twice:
        both = " and ".join(f"“{title}”" for title, target in zip(titles, chosen, strict=True) if target == twice[0])
        raise MappingRefused(f"{both} are mapped to the same thing. Choose one of them.")
    if "phone" not in chosen and "id" not in chosen:
        raise MappingRefused("Choose the column that holds the phone number.")
    if "name" in chosen and {"first_name", "last_name"} & set(chosen):
        raise MappingRefused("Use either the full name, or first and last name.")
    _refuse_labels(mapping, titles, fields)
    _refuse_consent(mapping)


def _refuse_labels(mapping: Mapping, titles: Sequence[str], fields: Sequence[CustomField]) -> None:
    taken = {field.label.casefold() for field in fields}
    for title, target in zip(titles, mapping.columns, strict=True):
        if target.startswith(NEW):
            if title.casefold() in taken:
                raise MappingRefused(f"There is a field “{title}” already. Choose it for this column.")
            taken.add(title.casefold())


def _refuse_consent(mapping: Mapping) -> None:
    if mapping.consent == "stated" and "consent" in mapping.columns:
        raise MappingRefused("Consent comes either from a column or from all of them having agreed, not both.")
    if mapping.consent == "stated" and not mapping.wording.strip():
        raise MappingRefused("Write down how these people agreed, for example “signed up at the till in May 2026”.")
    if len(mapping.tag) > cells.LONGEST_TAG:
        raise MappingRefused(f"A tag has at most {cells.LONGEST_TAG} characters.")
