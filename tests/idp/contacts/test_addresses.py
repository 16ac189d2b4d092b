"""What counts as a phone number or an e-mail address, and the one form of each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.contacts.address import parse_address
from kernel.errors import InvalidInput


@pytest.mark.parametrize(
    "typed",
    [
        "13900000001",
        "+8613900000001",
        "008613900000001",
        "86 139 0000 0001",
        "139-0000-0001",
        "１３９００００００01",
        " 13900000001 ",
    ],
)
def test_a_mainland_number_has_one_form(typed):
    address = parse_address(typed)
    assert (address.channel, address.value) == ("sms", "+8613900000001")


def test_a_number_from_abroad_names_its_country():
    assert parse_address("+44 20 7946 0000").value == "+442079460000"


@pytest.mark.parametrize("typed", ["Ming@Example.COM", "ming＠example．com"])
def test_an_e_mail_address_has_one_form(typed):
    address = parse_address(typed)
    assert (address.channel, address.value) == ("email", "ming@example.com")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "12345",
        "12900000001",
        "+86123",
        "+8612900000001",
        "ming",
        "ming@",
        "@example.com",
        "a@b@c.com",
        "ming@localhost",
        "ming@exa mple.com",
        "ming@example.com\nBcc: all@example.com",
        "ming@example.com,all@example.com",
        "a..b@example.com",
        "x" * 250 + "@example.com",
        "+442079460000;+442079460001",
        "<script>@example.com",
    ],
)
def test_anything_else_is_refused_next_to_the_field(typed):
    with pytest.raises(InvalidInput) as refusal:
        parse_address(typed)
    assert [each.field for each in refusal.value.fields] == ["address"]


@given(st.text(max_size=60))
def test_whatever_is_typed_is_an_address_or_refused(typed):
    try:
        address = parse_address(typed)
    except InvalidInput:
        return
    assert parse_address(address.value) == address
    assert "\n" not in address.value
    assert address.value not in address.masked
