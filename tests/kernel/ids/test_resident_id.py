"""Resident ID numbers: real dates, known provinces, right check characters."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric as oracle

from kernel.errors import InvalidInput
from kernel.ids.resident_id import PROVINCES, ResidentId, check_character

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "ids" / "resident_id.json").read_text())
ALL = VECTORS["valid"] + VECTORS["synthetic"]

BODIES = st.tuples(
    st.sampled_from(sorted(PROVINCES)),
    st.from_regex(r"[0-9]{4}", fullmatch=True),
    st.dates(date(1850, 1, 1), date(2100, 1, 1)).map(lambda day: day.strftime("%Y%m%d")),
    st.from_regex(r"[0-9]{3}", fullmatch=True),
).map("".join)


@pytest.mark.parametrize("vector", ALL, ids=lambda vector: vector["number"])
def test_a_number_tells_birth_date_and_sex(vector):
    number = ResidentId.parse(vector["number"])
    assert str(number) == vector["number"]
    assert number.birth_date == date.fromisoformat(vector["birth_date"])
    assert number.sex == vector["sex"]
    assert number.synthetic == (vector in VECTORS["synthetic"])


@pytest.mark.parametrize("vector", VECTORS["legacy"], ids=lambda vector: vector["number"])
def test_fifteen_digits_become_eighteen(vector):
    assert str(ResidentId.parse(vector["number"])) == vector["becomes"]


@pytest.mark.parametrize(
    "typed", ["11010519491231002x", " 110105 19491231 002X ", "１１０１０５１９４９１２３１００２Ｘ"]
)
def test_typing_does_not_matter(typed):
    assert ResidentId.parse(typed) == ResidentId("11010519491231002X")


@given(BODIES)
def test_the_check_character_agrees_with_a_second_library(body):
    assert oracle.calc_check_digit(body + "0") == check_character(body)
    number = ResidentId.parse(body + check_character(body))
    assert number.birth_date.strftime("%Y%m%d") == body[6:14]


@given(BODIES, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_any_single_wrong_character_is_found(body, position, character):
    right = body + check_character(body)
    wrong = right[:position] + character + right[position + 1 :]
    if wrong != right:
        with pytest.raises(InvalidInput):
            ResidentId.parse(wrong)


@given(BODIES, st.integers(0, 16))
def test_two_swapped_neighbours_are_found(body, position):
    right = body + check_character(body)
    wrong = right[:position] + right[position + 1] + right[position] + right[position + 2 :]
    if wrong != right:
        with pytest.raises(InvalidInput):
            ResidentId.parse(wrong)


def with_check(body: str) -> str:
    return body + check_character(body)


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("110105194912310021", "The last character should be X."),
        ("1101051949", "A resident ID number has 18 characters; this has 10."),
        (with_check("11010519490230002"), "The birth date in the number does not exist."),
        (with_check("11010500000101002"), "The birth date in the number does not exist."),
        (with_check("19010519490101002"), "No province has a code beginning with 19."),
        ("1101051949123X0021", "A resident ID number is 17 digits and a last digit or X."),
        ("11010519491231002Y", "A resident ID number is 17 digits and a last digit or X."),
        ("110105491331002", "The birth date in the number does not exist."),
    ],
)
def test_what_is_wrong_is_said(number, message):
    with pytest.raises(InvalidInput) as caught:
        ResidentId.parse(number)
    assert caught.value.text == message


def test_a_leap_day_needs_a_leap_year():
    assert ResidentId.parse(with_check("11010120000229001")).birth_date == date(2000, 2, 29)
    with pytest.raises(InvalidInput):
        ResidentId.parse(with_check("11010119000229001"))


@given(st.text(max_size=300) | st.from_regex(r"[0-9٠-٩]{15,18}X?", fullmatch=True))
def test_garbage_is_an_invalid_input_or_a_number_that_holds(text):
    try:
        number = ResidentId.parse(text)
    except InvalidInput:
        return
    assert number.value[-1] == check_character(number.value[:17])
    assert number.value.isascii()
