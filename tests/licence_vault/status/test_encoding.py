"""A status list's bytes are those of the draft's vectors, and anything else is refused within bounds."""

import base64
import itertools
import json
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import InvalidInput
from licence_vault.status.encoding import MAX_BYTES, StatusArray
from licence_vault.status.places import CAPACITY, SIZE, decoy_turns, place_of

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "vectors/status/status_lists.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda each: f"{each['bits']} bits, {each['size']} places")
def test_the_drafts_vectors_read_and_write(vector: dict[str, Any]) -> None:
    marked = {int(index): value for index, value in vector["statuses"].items()}
    read = StatusArray.load(vector["lst"], vector["bits"])
    assert len(read) == vector["size"]
    assert {index: read[index] for index in range(len(read)) if read[index]} == {i: v for i, v in marked.items() if v}
    written = StatusArray.of(vector["size"], marked, bits=vector["bits"])
    again = StatusArray.load(written.lst, vector["bits"])
    assert all(again[index] == read[index] for index in (0, *marked, len(read) - 1))


@given(st.sampled_from([1, 2, 4, 8]), st.dictionaries(st.integers(0, 999), st.integers(0, 255), max_size=40))
def test_what_is_marked_is_read_and_nothing_else(bits: int, wishes: dict[int, int]) -> None:
    marked = {index: value % (1 << bits) for index, value in wishes.items()}
    read = StatusArray.load(StatusArray.of(1000, marked, bits=bits).lst, bits)
    assert [read[index] for index in range(1000)] == [marked.get(index, 0) for index in range(1000)]


@pytest.mark.parametrize("index", [-1, 16, 10**9])
def test_outside_the_list_nothing_is_concluded(index: int) -> None:
    with pytest.raises(IndexError):
        StatusArray.of(16, {})[index]


@given(st.text(max_size=80) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_any_text_is_a_list_or_refused(text: str) -> None:
    with suppress(InvalidInput):
        assert all(place in range(4) for place in StatusArray.load(text, 2))


@pytest.mark.parametrize("bits", [0, 3, 16, -2])
def test_other_widths_are_refused(bits: int) -> None:
    with pytest.raises(InvalidInput):
        StatusArray.load(StatusArray.of(16, {}).lst, bits)


def test_a_list_that_would_fill_the_memory_is_refused() -> None:
    bomb = base64.urlsafe_b64encode(zlib.compress(bytes(MAX_BYTES + 1), 9)).decode().rstrip("=")
    assert len(bomb) < 8192
    with pytest.raises(InvalidInput):
        StatusArray.load(bomb, 2)


@given(st.binary(min_size=32, max_size=32), st.sets(st.integers(0, SIZE - 1), min_size=2, max_size=200))
def test_no_two_licences_share_a_place(secret: bytes, numbers: set[int]) -> None:
    places = {place_of(secret, number) for number in numbers}
    assert len(places) == len(numbers)
    assert all(0 <= place < SIZE for place in places)


def test_licences_issued_in_a_row_do_not_stand_in_a_row() -> None:
    places = [place_of(b"s" * 32, number) for number in range(500)]
    gaps = [abs(here - there) for here, there in itertools.pairwise(places)]
    assert sum(gap < SIZE // 100 for gap in gaps) < 30
    assert places != [place_of(b"t" * 32, number) for number in range(500)]


def test_decoys_turn_over_the_years_and_take_nobodys_place() -> None:
    turns = decoy_turns(b"s" * 32)
    taken = {place_of(b"s" * 32, number) for number in range(0, CAPACITY, 97)}
    assert not taken & {index for _turn, index in turns}
    in_first_years = [turn for turn, _index in turns if turn.days < 3 * 365]
    assert 0.010 < len(in_first_years) / (SIZE - CAPACITY) < 0.020
