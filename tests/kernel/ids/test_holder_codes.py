"""Holder numbers are read by their kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import InvalidInput
from kernel.ids.holder_codes import HOLDER_CODE_TYPES, load_holder_code_type, parse_holder_number


def test_the_table_is_that_of_annex_a():
    assert len(HOLDER_CODE_TYPES) == 16
    assert all(code == each.code and len(code) == 3 for code, each in HOLDER_CODE_TYPES.items())
    assert {each.code for each in HOLDER_CODE_TYPES.values() if each.kind == "legal"} == {"001", "099"}
    assert load_holder_code_type("111").label_zh == "公民身份号码"


@pytest.mark.parametrize(
    ("code", "typed", "canonical"),
    [
        ("001", "9144030071526726xg", "9144030071526726XG"),
        ("111", "11010519491231002x", "11010519491231002X"),
        ("414", " e12345678 ", "E12345678"),
        ("516", "Ｈ１２３４５６７８", "H12345678"),
        ("099", "民证字第0001号", "民证字第0001号"),
    ],
)
def test_a_number_is_put_in_its_canonical_form(code, typed, canonical):
    assert parse_holder_number(code, typed) == canonical


@pytest.mark.parametrize(
    ("code", "typed"),
    [
        ("001", "9144030071526726XH"),
        ("111", "110105194912310021"),
        ("414", "E1"),
        ("414", "E" * 65),
        ("414", "E12\x003456"),
    ],
)
def test_a_number_that_does_not_fit_its_kind_is_refused(code, typed):
    with pytest.raises(InvalidInput):
        parse_holder_number(code, typed)


@given(st.text(max_size=5))
def test_an_unknown_kind_is_refused(code):
    if code not in HOLDER_CODE_TYPES:
        with pytest.raises(InvalidInput):
            parse_holder_number(code, "E12345678")


@given(st.sampled_from(sorted(HOLDER_CODE_TYPES)), st.text(max_size=300))
def test_the_canonical_form_is_its_own(code, text):
    try:
        canonical = parse_holder_number(code, text)
    except InvalidInput:
        return
    assert parse_holder_number(code, canonical) == canonical
