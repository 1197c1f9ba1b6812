"""The provider's languages and their names."""

from __future__ import annotations

import re

import pytest

from templates_mgmt import languages


def test_codes_and_names_are_each_there_once():
    assert len(set(languages.LANGUAGES.values())) == len(languages.LANGUAGES)
    assert all(re.fullmatch(r"[a-z]{2,3}(_[A-Z]{2})?", code) for code in languages.LANGUAGES)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("en", "English"),
        ("en_GB", "English (United Kingdom)"),
        ("en-GB", "English (United Kingdom)"),
        ("EN-gb", "English (United Kingdom)"),
        ("fil", "Filipino"),
        ("tlh", "tlh"),
        ("", ""),
    ],
)
def test_a_language_has_a_name_however_its_code_is_written(code: str, name: str):
    assert languages.name(code) == name


@pytest.mark.parametrize("code", languages.LANGUAGES)
def test_codes_of_the_list_are_normal(code: str):
    assert languages.normal(code) == code
