"""Phone numbers as people write them, turned into the digits of E.164.

A number is taken when its length fits the plan of its country: narrower rules would refuse new ranges and the test
numbers of providers. Numbers that can be read in one way only are settled by a table (0.5 µs); `phonenumbers`, which
needs 17 µs, gets the rest. Other spellings of a number (Brazil's ninth digit, Mexico's 1) are left as written.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

NON_GEOGRAPHIC = "001"
LONGEST, SHORTEST = 15, 7  # digits with the country code; E.164 and the shortest plans in use
LONGEST_CELL = 100
MEXICAN = frozenset({13})  # +52 1 and ten digits: no longer dialled, but still how WhatsApp names mobile numbers there
LEAST_WITHOUT_PLUS = 10  # digits from which a number without "+" may be one with a country code

# Arabic and Persian digits become ASCII; spaces, dashes, dots, brackets and invisible marks go.
_SCRIPTS = ("٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९", "０１２３４５６７８９")
_DIGITS = {ord(digit): str(value) for line in _SCRIPTS for value, digit in enumerate(line)}
_SIGNS = " \t\r\n-.()/[]\u00a0\u00ad\u2007\u2009\u202f\u2010\u2011\u2012\u2013\u2212"
_MARKS = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
_DROPPED = dict.fromkeys(map(ord, _SIGNS + _MARKS))
PLAINER = {**_DIGITS, **_DROPPED, ord("＋"): "+"}
AROUND = re.compile(r"^(?:tel:|whatsapp:|phone:)|(?:;ext=|;|x|ext|#)\d{1,7}$", re.IGNORECASE)
WHATSAPP = re.compile(r"^\+?(\d{7,15})(?::\d+)?@(?:s\.whatsapp\.net|c\.us)$")
FLOAT = re.compile(r"^\+?\d{7,15}\.0+$")  # what becomes of a number that a spreadsheet took for a quantity
SCIENTIFIC = re.compile(r"^\d(?:[.,]\d+)?e\+?\d+$", re.IGNORECASE)


class BadPhone(ValueError):
    """Not a phone number; the text says why and what to do."""


@cache
def _lengths(country_code: int) -> frozenset[int]:
    """How many digits a number of this country code can have behind it."""
    found: set[int] = set()
    for region in COUNTRY_CODE_TO_REGION_CODE[country_code]:
        plan = PhoneMetadata.metadata_for_region(region, None)
        if plan is None or plan.general_desc is None:
            continue
        for kind in (plan.fixed_line, plan.mobile):
            own = kind.possible_length if kind and kind.possible_length else plan.general_desc.possible_length
            found.update(length for length in own or () if length > 0)
    code = len(str(country_code))
    return frozenset(length for length in found if SHORTEST <= length + code <= LONGEST)


@cache
def plain() -> dict[str, frozenset[int]]:
    """First four digits → total lengths, for international numbers that can only be read in one way.

    Left out: a zero behind the country code, which may be Italian or a trunk prefix too many.
    """
    table: dict[str, frozenset[int]] = {}
    for country_code, regions in COUNTRY_CODE_TO_REGION_CODE.items():
        code = str(country_code)
        if regions[0] == NON_GEOGRAPHIC or not _lengths(country_code):
            continue
        total = frozenset(length + len(code) for length in _lengths(country_code))
        for rest in range(10 ** (4 - len(code))):
            digits = f"{code}{rest:0{4 - len(code)}d}"
            if digits[len(code)] != "0":
                table[digits] = total | MEXICAN if digits.startswith("521") else total
    return table


@cache
def _national(region: str) -> tuple[str, str, frozenset[int]] | None:
    """(country code, trunk prefix, lengths) of a country whose own numbers need no rules, else None."""
    plan = PhoneMetadata.metadata_for_region(region, None)
    if plan is None or plan.national_prefix_transform_rule:
        return None
    if (plan.national_prefix_for_parsing or "") != (plan.national_prefix or ""):
        return None
    return str(plan.country_code), plan.national_prefix or "", _lengths(plan.country_code)


def digits_of(written: str, region: str = "") -> str:
    """The digits of E.164 of a number, without the plus. `region` is the country of numbers without a country code.

    Raises BadPhone.
    """
    digits = written[1:]
    if written[:1] == "+" and digits.isascii() and digits.isdigit() and len(digits) in plain().get(digits[:4], ()):
        return digits
    return _carefully(written, region)


def _carefully(written: str, region: str) -> str:
    text = written.strip()
    if not (text.isascii() and text.isdigit()):
        text = _cleaned(text)
    if text.startswith("00") and len(text) >= SHORTEST + 2:
        text = f"+{text[2:]}"
    if len(text) > LONGEST + 1:
        raise BadPhone("This is too long for a phone number. Keep one number in a cell.")
    if text[0] == "+":
        digits = text[1:]
        return digits if len(digits) in plain().get(digits[:4], ()) else _by_rules(text, "")
    return _without_plus(text, region)


def _cleaned(text: str) -> str:
    """Digits with or without a plus in front. Raises BadPhone."""
    if not text:
        raise BadPhone("The phone number is missing.")
    if len(text) > LONGEST_CELL:
        raise BadPhone("This is too long for a phone number.")
    if SCIENTIFIC.fullmatch(text):
        raise BadPhone("A spreadsheet has shortened this number. Format the column as text there and export it again.")
    if found := WHATSAPP.fullmatch(text):
        return f"+{found.group(1)}"
    text = AROUND.sub("", text).translate(PLAINER) if not FLOAT.fullmatch(text) else text.partition(".")[0]
    if not text.removeprefix("+").isdigit() or not text.isascii():
        if any(map(str.isdigit, text)):
            raise BadPhone("This holds letters or more than one phone number. Keep one number in a cell.")
        raise BadPhone("This is not a phone number.")
    return text


def _without_plus(digits: str, region: str) -> str:
    if region and (rules := _national(region)):
        code, trunk, lengths = rules
        inner = digits[len(trunk) :] if trunk and digits.startswith(trunk) else digits
        # Longer or with the country's own code in front it can be read in two ways.
        if len(inner) in lengths and inner[0] != "0" and not inner.startswith(code):
            return code + inner
    if region:
        if _has_own_code(digits, region):
            return digits
        try:
            return _by_rules(digits, region)
        except BadPhone as refused:
            if not _looks_international(digits):
                raise refused from None
            return digits
    if _looks_international(digits):
        return digits
    if len(digits) < SHORTEST:
        raise BadPhone("This is too short for a phone number.")
    raise BadPhone("There is no country code. Write it like +966501234567, or choose the country of such numbers.")


def _looks_international(digits: str) -> bool:
    return len(digits) >= LEAST_WITHOUT_PLUS and len(digits) in plain().get(digits[:4], ())


def _by_rules(text: str, region: str) -> str:
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException as error:
        raise BadPhone("No country has this code. Write the number like +966501234567.") from error
    inner = phonenumbers.national_significant_number(number)
    code = number.country_code or 0
    if code not in COUNTRY_CODE_TO_REGION_CODE or COUNTRY_CODE_TO_REGION_CODE[code][0] == NON_GEOGRAPHIC:
        raise BadPhone("No country has this code. Write the number like +966501234567.")
    lengths = _lengths(code)
    if len(inner) in lengths:
        return f"{code}{inner}"
    where = f"for +{code}"
    if len(inner) < min(lengths):
        raise BadPhone(f"This number is too short {where}.")
    if len(inner) > max(lengths):
        raise BadPhone(f"This number is too long {where}.")
    raise BadPhone(f"This number has the wrong length {where}.")


def _has_own_code(digits: str, region: str) -> bool:
    """Whether these digits are a number in use behind the country's own code. Germans write 49 151… or 0151…."""
    if not digits.startswith(str(phonenumbers.country_code_for_region(region))):
        return False
    return phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}", None))


@lru_cache(maxsize=50_000)
def _region_near(start: str, length: int) -> str:
    # Countries that share a code differ in the first digits; seven decide for all but a handful of islands.
    number = phonenumbers.parse(f"+{start.ljust(length, '0')}", None)
    return phonenumbers.region_code_for_number(number) or phonenumbers.region_code_for_country_code(
        number.country_code or 0
    )


def region_of(digits: str) -> str:
    """The country a number belongs to, as ISO 3166; '' for none. Countries that share a code are told apart."""
    main = _main_regions().get(digits[:3]) or _main_regions().get(digits[:2]) or _main_regions().get(digits[:1])
    if main:
        return main
    try:
        region = _region_near(digits[:7], len(digits))
    except phonenumbers.NumberParseException:
        return ""
    return region if len(region) == 2 else ""


@cache
def _main_regions() -> dict[str, str]:
    """Country code → country, for codes of one country."""
    return {str(code): regions[0] for code, regions in COUNTRY_CODE_TO_REGION_CODE.items() if len(regions) == 1}
