"""Masks hide, handles cannot be guessed, row ids sort by age."""

import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import InvalidInput
from kernel.ids.handles import new_handle, parse_handle
from kernel.ids.masking import mask_name, mask_number
from kernel.ids.time_ordered import new_id


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("11010519491231002X", "**************002X"),
        ("E12345678", "******678"),
        ("1234", "***4"),
        ("12", "**"),
        ("", ""),
    ],
)
def test_a_number_shows_at_most_its_last_four(number, masked):
    assert mask_number(number) == masked


@pytest.mark.parametrize(
    ("name", "masked"), [("张小明", "**明"), ("张明", "*明"), ("张", "*"), ("", ""), ("阿卜杜拉·买买提", "*******提")]
)
def test_a_name_shows_its_last_character(name, masked):
    assert mask_name(name) == masked


@given(st.text(min_size=1, max_size=40))
def test_masks_keep_the_length_and_hide_most(text):
    assert len(mask_number(text)) == len(mask_name(text)) == len(text)
    assert mask_number(text).startswith("*")
    assert mask_name(text).startswith("*")


def test_handles_have_130_random_bits_and_come_back_however_they_are_typed():
    handles = {new_handle() for _ in range(500)}
    assert len(handles) == 500
    for handle in handles:
        assert len(handle) == 26
        assert parse_handle(handle.lower()) == handle
        assert parse_handle(f" {handle[:13]}-{handle[13:]} ") == handle


def test_characters_that_do_not_occur_are_read_as_those_they_look_like():
    assert parse_handle("0" * 13 + "1" * 12 + "8") == "O" * 13 + "I" * 12 + "B"


@pytest.mark.parametrize("text", ["", "A" * 25, "A" * 27, "9" * 26, "A" * 25 + "é", "A" * 100_000])
def test_what_is_no_handle_is_refused(text):
    with pytest.raises(InvalidInput):
        parse_handle(text)


def test_every_character_of_the_alphabet_occurs():
    assert set("".join(new_handle() for _ in range(300))) == set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


def test_row_ids_are_uuids_of_version_7_made_now():
    identifier = uuid.UUID(new_id())
    assert identifier.version == 7
    assert identifier.variant == uuid.RFC_4122
    assert abs((identifier.int >> 80) / 1000 - time.time()) < 5


def test_row_ids_sort_by_age_and_do_not_repeat():
    earlier = [new_id() for _ in range(1000)]
    time.sleep(0.002)
    later = new_id()
    assert all(each < later for each in earlier)
    assert len(set(earlier)) == 1000
