"""Reading orders from files: four forms, one meaning; a file that cannot be meant is refused by name and row."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import InvalidInput
from licence_vault.issuing.order import read_order
from tests.houses import FOOD, food_order
from tests.licence_vault.layout.samples import shipped_type
from xinyin.cli.licences import read_orders

VECTORS = Path(__file__).parents[1] / "vectors" / "licences"
EXPECTED = [{"type": FOOD, **order} for order in json.loads((VECTORS / "orders.json").read_text(encoding="utf-8"))]


def orders_in(path: Path, content: bytes) -> list[dict[str, Any]]:
    path.write_bytes(content)
    return list(read_orders(path, FOOD))


@pytest.mark.parametrize("name", ["orders.csv", "orders.xlsx", "orders.json", "orders.jsonl"])
def test_every_form_means_the_same_orders(name: str) -> None:
    assert list(read_orders(VECTORS / name, FOOD)) == EXPECTED


def test_the_suffix_may_be_in_capitals(tmp_path: Path) -> None:
    found = orders_in(tmp_path / "ORDERS.CSV", (VECTORS / "orders.csv").read_bytes())
    assert found == EXPECTED


def test_orders_from_json_are_right_orders() -> None:
    food = shipped_type("food-business.json")
    for order in EXPECTED:
        fields = dict(order["fields"])
        fields["business_items"] = fields["business_items"].split(";")
        assert read_order(order | {"fields": fields}, food).fields == fields


def test_one_object_written_over_many_lines_is_one_order(tmp_path: Path) -> None:
    body = json.dumps(food_order(), ensure_ascii=False, indent=2).encode()
    assert orders_in(tmp_path / "one.json", body) == [food_order()]


def test_a_row_may_name_another_type(tmp_path: Path) -> None:
    (order,) = orders_in(tmp_path / "one.jsonl", b'{"type": "X", "fields": {}}')
    assert order["type"] == "X"


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"[]"])
def test_nothing_is_no_order(tmp_path: Path, content: bytes) -> None:
    assert orders_in(tmp_path / "none.json", content) == []


def test_blank_rows_and_cells_of_a_workbook_are_left_out(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["holder_name", "premises", "capital"], [None, None, None], ["林小满", None, 500], ["", "", ""]):
        sheet.append(row)
    book.save(tmp_path / "orders.xlsx")
    first, *_rest = read_orders(tmp_path / "orders.xlsx", FOOD)
    assert first == {"type": FOOD, "holder": {"name": "林小满"}, "fields": {"capital": "500"}}


def _broken_zip() -> bytes:
    return (VECTORS / "orders.xlsx").read_bytes()[:-200]


BAD: list[tuple[str, Callable[[], bytes], str]] = [
    ("orders.txt", lambda: b"x", "neither CSV, XLSX nor JSON"),
    ("orders", lambda: b"x", "neither CSV, XLSX nor JSON"),
    ("orders.csv", lambda: "持证人,住所\n林,路".encode("gbk"), "not UTF-8"),
    ("orders.csv", lambda: b"a,b\n1,2\n1,2,3\n", "Row 2"),
    ("orders.csv", lambda: b"a,b\n1\n", "Row 1"),
    ("orders.csv", lambda: b'a,b\n"1"x,2\n', "not CSV"),
    ("orders.xlsx", lambda: b"", "not a workbook"),
    ("orders.xlsx", lambda: b"a,b\n1,2\n", "not a workbook"),
    ("orders.xlsx", _broken_zip, "not a workbook"),
    ("orders.json", lambda: b"{", "not JSON"),
    ("orders.json", lambda: b"\xff\xfe{}", "not JSON"),
    ("orders.json", lambda: b'[{"a": NaN}]', "not JSON"),
    ("orders.json", lambda: b'{"type": "\\ud800"}', "not JSON"),
    ("orders.json", lambda: b"[{}, 7]", "Row 2"),
    ("orders.jsonl", lambda: b"{}\n{}\nnull\n", "Row 3"),
    ("orders.jsonl", lambda: b"{}\n{oops}\n", "not JSON"),
    ("orders.json", lambda: b"7", "Row 1"),
]


@pytest.mark.parametrize(("name", "content", "words"), BAD)
def test_a_bad_file_is_refused_by_name(tmp_path: Path, name: str, content: Callable[[], bytes], words: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        orders_in(tmp_path / name, content())
    said = refusal.value.message.format(**refusal.value.params)
    assert words in said
    assert name in said


@given(st.sampled_from([".csv", ".xlsx", ".json", ".jsonl"]), st.binary(max_size=200))
def test_any_bytes_are_orders_or_refused(tmp_path_factory: pytest.TempPathFactory, suffix: str, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    try:
        found = orders_in(path, data)
    except InvalidInput:
        return
    assert [each for each in found if "type" not in each] == []


@given(st.text(max_size=80))
def test_any_csv_text_is_orders_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any-text.csv"
    try:
        found = orders_in(path, f"holder_name,premises\n{text}".encode())
    except InvalidInput:
        return
    assert {key for each in found for key in each} <= {"type", "holder", "fields"}
