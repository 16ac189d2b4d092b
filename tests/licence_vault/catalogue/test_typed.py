"""What people type in a cell means what they meant."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licence_vault.catalogue.typed import read_day, read_value, typed_value
from tests.licence_vault.layout.samples import TYPE_FILES, shipped_type

COUNT, DAY = {"type": "integer"}, {"type": "string", "format": "date"}
CODES = {
    "type": "string",
    "enum": ["1", "2"],
    "x-codes": {"1": {"zh": "男", "en": "Male"}, "2": {"zh": "女", "en": "Female"}},
}
TABLE = {"type": "array", "items": {"type": "object", "properties": {"kind": CODES, "from": DAY}}}


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        (DAY, "2026年1月9日", "2026-01-09"),
        (DAY, "２０２６／１／９", "2026-01-09"),
        (DAY, "20260109", "2026-01-09"),
        (DAY, "2026.1.9", "2026-01-09"),
        (DAY, "2026-02-30", "2026-02-30"),
        (DAY, "soon", "soon"),
        (COUNT, "3,260", 3260),
        (COUNT, "３９", 39),
        (COUNT, "3.5", 3.5),
        (COUNT, "1e9", "1e9"),
        ({"type": "number"}, "50.5", 50.5),
        (CODES, "女", "2"),
        (CODES, "male", "1"),
        (CODES, "3", "3"),
        (
            TABLE,
            "女|2026/1/9；1|2026-01-10",
            [{"kind": "2", "from": "2026-01-09"}, {"kind": "1", "from": "2026-01-10"}],
        ),
        (TABLE, "女｜", [{"kind": "2"}]),
        (TABLE, "女|2026-01-09|x", ["女|2026-01-09|x"]),
        ({"type": "array", "items": {"type": "string"}}, "热食;冷食\n饮品；", ["热食", "冷食", "饮品"]),
    ],
)
def test_it_means(schema: dict[str, Any], text: str, value: Any) -> None:
    assert read_value(schema, text) == value


@pytest.mark.parametrize("name", TYPE_FILES)
def test_every_example_survives_being_typed(name: str) -> None:
    licence_type = shipped_type(name)
    for field, schema in licence_type.fields:
        if (
            field in licence_type.example
            and field not in licence_type.pictures
            and "\n" not in str(licence_type.example[field])
        ):
            assert (
                read_value(schema, typed_value(schema, licence_type.example[field], "；"))
                == licence_type.example[field]
            )


@given(st.dates(min_value=date(1000, 1, 1)))
def test_every_day_is_read_in_every_way(day: date) -> None:
    ways = [
        f"{day:%Y-%m-%d}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y%m%d}",
    ]
    assert {read_day(way) for way in ways} == {day.isoformat()}


@given(st.text(max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    for schema in (DAY, COUNT, CODES, TABLE):
        read_value(schema, text)
