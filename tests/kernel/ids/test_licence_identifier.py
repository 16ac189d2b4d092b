"""Licence identifiers: made, read back, re-issued."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36 as oracle

from kernel.errors import InvalidInput
from kernel.ids.licence_identifier import LicenceIdentifier, check_character

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "ids" / "licence_identifier.json").read_text())["valid"]
ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

IDENTIFIERS = st.builds(
    LicenceIdentifier,
    type_code=st.from_regex(r"[0-9A-Z]{18}[0-9]{3}", fullmatch=True),
    issuer=st.from_regex(r"[0-9A-Z]{18}|[0-9]{6}", fullmatch=True),
    serial=st.from_regex(r"[0-9A-Z]{1,32}", fullmatch=True),
    version=st.integers(1, 999),
)


@pytest.mark.parametrize("text", VECTORS)
def test_a_published_identifier_is_read(text):
    identifier = LicenceIdentifier.parse(text)
    assert str(identifier) == text
    assert identifier.issuer in text


def test_an_identifier_is_put_together():
    identifier = LicenceIdentifier("11100000MB0143028R001", "11430000006122244L", "20250000000000000001")
    assert str(identifier) == VECTORS[-1]


def test_a_re_issued_licence_has_the_next_version_and_another_check_character():
    first = LicenceIdentifier.parse(VECTORS[-1])
    second = first.next_version()
    assert second.version == 2
    assert (second.type_code, second.issuer, second.serial) == (first.type_code, first.issuer, first.serial)
    assert ".002." in str(second)
    assert LicenceIdentifier.parse(str(second)) == second


def test_after_version_999_there_is_none():
    with pytest.raises(InvalidInput):
        LicenceIdentifier("11100000MB0143028R001", "340100", "1", 999).next_version()


@given(IDENTIFIERS)
def test_what_is_written_is_read_back(identifier):
    assert LicenceIdentifier.parse(str(identifier)) == identifier
    assert LicenceIdentifier.parse(str(identifier).lower()) == identifier


@given(st.text(ALPHANUMERIC, min_size=1, max_size=60))
def test_the_check_character_agrees_with_a_second_library(text):
    assert check_character(text) == oracle.calc_check_digit(text)


@given(IDENTIFIERS, st.integers(0, 200), st.sampled_from(ALPHANUMERIC))
def test_any_single_wrong_character_is_found(identifier, position, character):
    text = str(identifier)
    place = position % len(text)
    wrong = text[:place] + character + text[place + 1 :]
    if wrong != text:
        with pytest.raises(InvalidInput):
            LicenceIdentifier.parse(wrong)


def test_a_wrong_check_character_is_named_or_told_when_collecting():
    wrong = VECTORS[0][:-1] + "M"
    with pytest.raises(InvalidInput, match=r"The last character should be U\."):
        LicenceIdentifier.parse(wrong)
    identifier, holds = LicenceIdentifier.parse_leniently(wrong)
    assert not holds
    assert str(identifier) == VECTORS[0]
    assert LicenceIdentifier.parse_leniently(VECTORS[0])[1]


@pytest.mark.parametrize(
    "parts",
    [
        ("11100000MB0143028R01", "340100", "1", 1),
        ("11100000MB0143028RABC", "340100", "1", 1),
        ("11100000MB0143028R001", "34", "1", 1),
        ("11100000MB0143028R001", "340100", "", 1),
        ("11100000MB0143028R001", "340100", "a", 1),
        ("11100000MB0143028R001", "340100", "1" * 65, 1),
        ("11100000MB0143028R001", "340100", "1\n", 1),
        ("11100000MB0143028R001", "340100", "1", 0),
        ("11100000MB0143028R001", "340100", "1", 1000),
    ],
)
def test_parts_that_do_not_fit_are_refused(parts):
    with pytest.raises(InvalidInput):
        LicenceIdentifier(*parts)


@given(st.text(max_size=300) | st.from_regex(r"1\.2\.156\.3005\.2\.[0-9A-Z.]{0,80}", fullmatch=True))
def test_garbage_is_an_invalid_input_or_an_identifier(text):
    try:
        identifier = LicenceIdentifier.parse(text)
    except InvalidInput:
        return
    assert LicenceIdentifier.parse(str(identifier)) == identifier
