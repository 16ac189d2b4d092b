"""What files may look like, and what is refused with the row or the column named."""

import csv
import io
import json
import zipfile
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import InvalidInput
from licence_vault.batches.checking import RowError, check_row
from licence_vault.batches.columns import columns_of, flat_places, order_of, places_of
from licence_vault.batches.reading import MOST_ROWS, read_rows
from licence_vault.batches.service import WrongRow
from licence_vault.batches.sheets import error_report, template, write_csv
from licence_vault.caller import Issuer
from licence_vault.issuing.order import read_order
from tests.houses import AGENCY, CITIZEN_NUMBER
from tests.licence_vault.batches.files import cells, csv_file, json_lines, xlsx_file
from tests.licence_vault.layout.samples import TYPE_FILES, fonts, shipped_type

FOOD = shipped_type("food-business.json")
ROWS = [cells(1), cells(2, 住所="虚构市文昌路 18 号，二层", 经营场所="第一行\n第二行")]


def orders(data: bytes) -> list[dict[str, Any]]:
    _is_table, rows = read_rows(data)
    return [order_of(FOOD, row, places_of(FOOD, list(row))) for _number, row in rows]


@pytest.mark.parametrize(
    "data",
    [
        csv_file(ROWS), csv_file(ROWS, "utf-8-sig"), csv_file(ROWS, "gb18030"), csv_file(ROWS, "utf-16"),
        csv_file(ROWS, delimiter="\t"), csv_file(ROWS, delimiter=";"), xlsx_file(ROWS), json_lines(ROWS),
        json.dumps(ROWS).encode(),
    ],
    ids=["utf-8", "utf-8 with mark", "gb18030", "utf-16", "tabs", "semicolons", "xlsx", "json lines", "json"],
)  # fmt: skip
def test_every_form_means_the_same_orders(data: bytes) -> None:
    read = orders(data)
    assert read == orders(csv_file(ROWS))
    for order in read:
        assert read_order(order, FOOD).holder.number == CITIZEN_NUMBER
    assert read[0]["fields"]["business_items"] == ["热食类食品制售", "自制饮品制售"]
    assert read[0]["fields"]["business_form"] == "catering"


def test_heads_may_be_chinese_english_or_the_names_of_fields() -> None:
    heads = ["住所", "Place of business", "licence_number", "Holder's number", "HOLDER_NAME", "法定代表人*"]
    known = {head for column in columns_of(FOOD) for head in column.heads}
    assert {"住所", "Registered address", "holder_number", "公民身份号码", "有效期至"} <= known
    row = dict(zip(heads, ("甲", "乙", "丙", "丁", "戊", "己"), strict=True))
    read = order_of(FOOD, row, flat_places(FOOD, [head.rstrip("*") for head in heads]))
    assert (read["fields"]["residence"], read["fields"]["premises"]) == ("甲", "乙")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf  \r\n", "empty"),
        (csv_file([cells(1)]).split(b"\r\n")[0], "no rows"),
        (csv_file([cells(1, 颜色="红")]), "颜色"),
        (csv_file([{head: text for head, text in cells(1).items() if head != "住所"}]), "住所"),
        ("住所,住所\r\na,b".encode(), "住所"),
        ("住所,,签发人\r\na,b,c".encode(), "Column 2"),
        (csv_file(ROWS) + "只有一格\r\n".encode(), "Row 4"),
        (csv_file([cells(1, 住所="x" * 5000)]), "row 2"),
        (json_lines([cells(1)]) + b'\n{"b": ', "Line 2"),
        (b"[1, 2]", "Row 1"),
        (b"PK\x03\x04 nonsense", "workbook"),
        (b"\xff\xff\xff\xff,\xff", "UTF-8"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(data: bytes, words: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        orders(data)
    assert words in refusal.value.text


def test_more_rows_than_a_batch_holds_are_refused() -> None:
    with pytest.raises(InvalidInput, match=f"{MOST_ROWS}"):
        list(read_rows(b"a\n" + b"1\n" * (MOST_ROWS + 1))[1])


def bomb(inner: bytes) -> bytes:
    file = io.BytesIO(xlsx_file(ROWS))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet9.xml", inner)
    return file.getvalue()


def test_a_workbook_that_unfolds_to_fill_the_machine_is_refused_unread() -> None:
    with pytest.raises(InvalidInput, match="too large"):
        list(read_rows(bomb(b"0" * 50_000_000))[1])


def test_entities_in_a_workbook_are_refused() -> None:
    source = zipfile.ZipFile(io.BytesIO(xlsx_file(ROWS)))
    file = io.BytesIO()
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(8)
    )
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("sheet1.xml"):
                head, _mark, rest = data.partition(b"<worksheet")
                data = head + laughs + b"]>" + b"<worksheet" + rest.replace("持证主体".encode(), b"&i;")
            archive.writestr(name, data)
    with pytest.raises(InvalidInput):
        orders(file.getvalue())


@given(st.binary(max_size=300))
def test_noise_is_refused_in_words(data: bytes) -> None:
    for start in (b"", b"PK\x03\x04", b"{", b"\xef\xbb\xbf"):
        try:
            list(read_rows(start + data)[1])
        except InvalidInput:
            continue


@pytest.mark.parametrize("name", TYPE_FILES)
def test_a_template_filled_in_with_the_example_is_right(name: str) -> None:
    licence_type = shipped_type(name)
    book = openpyxl.load_workbook(io.BytesIO(template(licence_type, "xlsx")))
    heads = [cell.value for cell in next(book.worksheets[0].iter_rows(max_row=1))]
    assert [heads] == list(csv.reader(io.StringIO(template(licence_type, "csv").decode("utf-8-sig"))))
    hints = list(book.worksheets[1].iter_rows(min_row=2, values_only=True))
    values = {str(row[0]): str(row[3] or "") for row in hints}
    values |= {
        "持证主体": "虚构市青禾科技有限公司",
        "持证主体代码": "91999999MA02DE34XH",
        "持证主体代码类型": "统一社会信用代码",
    }
    if "001" not in licence_type.holder_id_types:
        values |= {"持证主体": "林小满", "持证主体代码": CITIZEN_NUMBER, "持证主体代码类型": "公民身份号码"}
    row = {str(head): values[str(head).rstrip("*")] for head in heads}
    ((_number, read),) = read_rows(csv_file([row]))[1]
    order = order_of(licence_type, read, places_of(licence_type, list(read)))
    assert check_row(licence_type, order, Issuer(AGENCY.uscc, AGENCY.name), fonts()) == []


def test_a_row_is_checked_as_it_would_be_drawn() -> None:
    order = orders(csv_file([cells(1, 经营场所="店" * 99, 签发人="\U0003134a", 持证主体代码="110101199003070012")]))[0]
    wrong = check_row(FOOD, order, Issuer(AGENCY.uscc, AGENCY.name), fonts())
    assert [each.column for each in wrong] == ["持证主体代码"]
    assert "110101199003070012" not in wrong[0].value
    order = orders(csv_file([cells(1, 签发人="\U0003134a")]))[0]
    assert [each.column for each in check_row(FOOD, order, Issuer(AGENCY.uscc, AGENCY.name), fonts())] == ["签发人"]


def test_a_report_is_no_formula() -> None:
    rows = [WrongRow(2, (RowError("住所", "=1+1", "Fill in {label}.", {"label": "住所"}),))]
    assert "'=1+1" in error_report(rows, "csv").decode("utf-8-sig")
    book = openpyxl.load_workbook(io.BytesIO(error_report(rows, "xlsx")))
    assert book.worksheets[0]["C2"].value == "'=1+1"
    assert write_csv([["@x"]]) == b"\xef\xbb\xbf'@x\r\n"
