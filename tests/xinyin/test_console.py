"""What commands print can be copied and read by programs."""

import pytest

from xinyin.cli.console import show


def test_a_table_shows_ids_whole_and_each_row_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    rows: list[dict[str, object]] = [{"id": "0123456789abcdef" * 2, "name": "虚构市市场监督管理局" * 4, "gone": None}]
    show(rows, as_json=False)
    heading, row = capsys.readouterr().out.splitlines()
    assert heading.split() == ["id", "name", "gone"]
    assert row.split() == [rows[0]["id"], rows[0]["name"]]


def test_nothing_to_show_is_said_in_words_to_people_and_as_an_empty_list_to_programs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show([], as_json=False)
    assert capsys.readouterr().out == "nothing to show\n"
    show([], as_json=True)
    assert capsys.readouterr().out == "[]\n"
