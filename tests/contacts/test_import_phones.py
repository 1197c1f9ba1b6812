"""Phone numbers as people, phones and spreadsheets write them."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from contacts.importing.phones import BadPhone, digits_of, plain, region_of


@pytest.mark.parametrize(
    ("written", "region", "digits"),
    [
        ("+966501234567", "", "966501234567"),
        ("00966501234567", "", "966501234567"),
        ("٠٥٠١٢٣٤٥٦٧", "SA", "966501234567"),
        ("۰۵۰۱۲۳۴۵۶۷", "SA", "966501234567"),
        ("＋９６６５０１２３４５６７", "", "966501234567"),
        ("0501234567", "SA", "966501234567"),
        ("501234567", "SA", "966501234567"),
        ("966501234567", "SA", "966501234567"),
        ("966501234567", "", "966501234567"),
        ("447700900123", "SA", "447700900123"),
        ("+966 50 123 4567", "", "966501234567"),
        ("+966-50-123.4567", "", "966501234567"),
        ("\u202a+966\u00a0501234567\u202c", "", "966501234567"),
        ("966501234567@s.whatsapp.net", "", "966501234567"),
        ("966501234567:12@s.whatsapp.net", "", "966501234567"),
        ("966501234567@c.us", "EG", "966501234567"),
        ("tel:+1-201-555-0123;ext=55", "", "12015550123"),
        ("+12015550123 x55", "", "12015550123"),
        ("whatsapp:+14155238886", "", "14155238886"),
        ("966501234567.0", "", "966501234567"),
        ("+44 (0)20 7946 0958", "", "442079460958"),
        ("0049 171 1234567", "", "491711234567"),
        ("+4901711234567", "", "491711234567"),
        ("0171/1234567", "DE", "491711234567"),
        ("+39 06 1234 5678", "", "390612345678"),
        ("+15550783001", "", "15550783001"),
        # Spellings of one number that only the provider may join:
        ("+5511987654321", "", "5511987654321"),
        ("+551187654321", "", "551187654321"),
        ("+5215512345678", "", "5215512345678"),
        ("+525512345678", "", "525512345678"),
        ("+5491123456789", "", "5491123456789"),
    ],
)
def test_a_number_becomes_the_digits_of_e164(written: str, region: str, digits: str):
    assert digits_of(written, region) == digits


@pytest.mark.parametrize(
    ("written", "region", "reason"),
    [
        ("", "SA", "missing"),
        ("   ", "SA", "missing"),
        ("hello", "SA", "not a phone number"),
        ("none", "", "not a phone number"),
        ("9.66501E+11", "SA", "spreadsheet"),
        ("9,66501E+11", "SA", "spreadsheet"),
        ("0501234567", "", "no country code"),
        ("12345", "SA", "too short for +966"),
        ("+96650123456789", "", "too long for +966"),
        ("+999123456789", "", "No country"),
        ("050 123 4567 or 050 123 4568", "SA", "more than one"),
        ("0501234567 / 0501234568", "SA", "one number in a cell"),
        ("1" * 500, "SA", "too long"),
        ("120363041234567890@g.us", "", "more than one"),
        ("+", "SA", "not a phone number"),
        ("+800 1234 5678", "", "No country"),
    ],
)
def test_what_is_no_number_is_refused_with_a_reason(written: str, region: str, reason: str):
    with pytest.raises(BadPhone, match=reason.replace("+", r"\+")):
        digits_of(written, region)


REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)


@pytest.mark.parametrize("region", REGIONS)
def test_the_short_way_agrees_with_phonenumbers(region: str):
    for kind in KINDS:
        if (number := phonenumbers.example_number_for_type(region, kind)) is None:
            continue
        digits = phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:]
        international = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
        national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        assert digits_of(f"+{digits}") == digits
        assert digits_of(f"00{digits}") == digits
        assert digits_of(international) == digits
        assert digits_of(national, region) == digits
        assert digits_of(digits, region) == digits


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_what_the_table_takes_phonenumbers_reads_the_same(written: str):
    digits = written[1:]
    if len(digits) in plain().get(digits[:4], ()) and not digits.startswith("521"):
        number = phonenumbers.parse(written, None)
        assert f"{number.country_code}{phonenumbers.national_significant_number(number)}" == digits


@given(st.text(max_size=40), st.sampled_from(["", "SA", "DE", "BR", "US"]))
def test_any_text_is_a_number_or_refused(written: str, region: str):
    try:
        digits = digits_of(written, region)
    except BadPhone:
        return
    assert digits.isascii()
    assert digits.isdigit()
    assert 7 <= len(digits) <= 15
    assert digits_of(f"+{digits}") == digits


@pytest.mark.parametrize(
    ("digits", "region"),
    [("966501234567", "SA"), ("12042345678", "CA"), ("12015550123", "US"), ("77710009998", "KZ"), ("79123456789", "RU"),
     ("447700900123", "GB"), ("15550783001", "US"), ("5215512345678", "MX")],
)  # fmt: skip
def test_the_country_of_a_number(digits: str, region: str):
    assert region_of(digits) == region
