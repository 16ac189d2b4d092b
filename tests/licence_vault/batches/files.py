"""Files of food licences to issue, in every form that agencies send."""

import csv
import io
import json
from typing import Any

import openpyxl

from tests.houses import CITIZEN_NAME, CITIZEN_NUMBER, food_order

HEADS = {
    "持证主体": "holder.name", "持证主体代码": "holder.number", "许可证编号": "licence_number",
    "法定代表人": "legal_representative", "住所": "residence", "经营场所": "premises", "主体业态": "business_form",
    "经营项目": "business_items", "日常监督管理机构": "supervising_authority", "签发人": "signatory",
}  # fmt: skip


def cells(number: int, **changes: str) -> dict[str, str]:
    """The cells of row `number` (from 0), as somebody types them."""
    fields: dict[str, Any] = food_order()["fields"]
    typed = fields | {
        "holder.name": CITIZEN_NAME,
        "holder.number": CITIZEN_NUMBER,
        "licence_number": f"JY{number:014}",
        "business_form": "餐饮服务经营者",
        "business_items": "热食类食品制售；自制饮品制售",
    }
    return {head: str(typed[name]) for head, name in HEADS.items()} | changes


def table(rows: list[dict[str, str]]) -> list[list[str]]:
    """Heads and rows."""
    heads = list(rows[0])
    return [heads, *([row.get(head, "") for head in heads] for row in rows)]


def csv_file(rows: list[dict[str, str]], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(table(rows))
    return text.getvalue().encode(encoding)


def xlsx_file(rows: list[dict[str, str]]) -> bytes:
    book = openpyxl.Workbook()
    for line in table(rows):
        book.worksheets[0].append(line)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def json_lines(rows: list[dict[str, str]]) -> bytes:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
