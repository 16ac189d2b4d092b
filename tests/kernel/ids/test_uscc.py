"""Unified social credit codes: right ones in any typing, wrong ones with what is wrong."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc as oracle

from kernel.errors import InvalidInput
from kernel.ids.uscc import ALPHABET, Uscc, check_character

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "ids" / "uscc.json").read_text())
ALL = VECTORS["valid"] + VECTORS["synthetic"]

CODES = st.tuples(
    st.sampled_from(["11", "12", "51", "52", "91", "92"]),
    st.from_regex(r"[0-9]{6}", fullmatch=True),
    st.text(ALPHABET, min_size=9, max_size=9),
).map("".join)


@pytest.mark.parametrize("code", ALL)
def test_a_real_code_is_read_and_its_inner_code_holds(code):
    parsed = Uscc.parse(code)
    assert str(parsed) == parsed.value == code
    assert parsed.organisation_code_holds
    assert parsed.synthetic == (code in VECTORS["synthetic"])


def test_the_parts_of_a_code():
    code = Uscc.parse("91330100799655058B")
    assert (code.authority, code.category, code.area_code, code.organisation_code) == ("9", "1", "330100", "799655058")


@pytest.mark.parametrize(
    "typed", ["9144030071526726xg", " 9144 0300 7152 6726 XG ", "９１４４０３００７１５２６７２６ＸＧ"]
)
def test_typing_does_not_matter(typed):
    assert Uscc.parse(typed) == Uscc("9144030071526726XG")


@given(CODES)
def test_the_check_character_agrees_with_a_second_library(seventeen):
    assert oracle.is_valid(seventeen + check_character(seventeen))
    assert Uscc.parse(seventeen + check_character(seventeen))


@given(st.sampled_from(ALL), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_any_single_wrong_character_is_found(code, position, character):
    wrong = code[:position] + character + code[position + 1 :]
    if wrong != code:
        with pytest.raises(InvalidInput):
            Uscc.parse(wrong)


@given(st.sampled_from(ALL), st.integers(0, 16))
def test_two_swapped_neighbours_are_found(code, position):
    wrong = code[:position] + code[position + 1] + code[position] + code[position + 2 :]
    if wrong != code:
        with pytest.raises(InvalidInput):
            Uscc.parse(wrong)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("9144030071526726XH", "The last character should be G."),
        ("9144030071526726", "A unified social credit code has 18 characters; this has 16."),
        ("9144030071526726OG", "O at position 17 does not occur in unified social credit codes."),
        ("91A40300715267260G", "Positions 3 to 8 are an area code: six digits."),
        ("", "A unified social credit code has 18 characters; this has 0."),
    ],
)
def test_what_is_wrong_is_said(code, message):
    with pytest.raises(InvalidInput) as caught:
        Uscc.parse(code)
    assert caught.value.text == message


def test_a_broken_inner_code_is_only_a_warning():
    seventeen = "91440300715267269"
    code = Uscc.parse(seventeen + check_character(seventeen))
    assert not code.organisation_code_holds


@given(st.text(max_size=300))
def test_garbage_is_never_more_than_invalid_input(text):
    with pytest.raises(InvalidInput):
        Uscc.parse(text)


def test_no_value_can_be_made_with_a_wrong_check_character():
    with pytest.raises(InvalidInput):
        Uscc("9144030071526726XH")
