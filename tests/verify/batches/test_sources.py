"""What lies in a folder, a ZIP or a CSV is gone through one by one, and nothing in it can do harm."""

import zipfile
from pathlib import Path

import pytest

from kernel.errors import InvalidInput
from verify.batches import sources
from verify.batches.sources import Item, is_batch, read_source


def items(path: Path) -> list[Item]:
    return list(read_source(path).items)


def test_a_folder_is_gone_through_with_what_lies_deeper(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "two.pdf").write_bytes(b"2")
    (tmp_path / "one.ofd").write_bytes(b"1")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    assert [(each.name, each.data) for each in items(tmp_path)] == [("a/two.pdf", b"2"), ("one.ofd", b"1")]
    assert read_source(tmp_path).count == 2


def test_names_in_a_zip_are_names_and_lead_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "batch.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("good.pdf", b"1")
        archive.writestr("a/../../evil.pdf", b"2")
        archive.writestr("__MACOSX/good.pdf", b"x")
    names = [each.name for each in items(path)]
    assert names[0] == "good.pdf"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["batch.zip"]
    assert not (tmp_path.parent / "evil.pdf").exists()


def test_what_swells_is_stopped_and_the_rest_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LARGEST_FILE", 1000)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.pdf", bytes(1_000_000))
        archive.writestr("good.pdf", b"1")
    bomb, good = items(path)
    assert (bomb.data, bomb.problem) == (None, "It is larger than 20 MB.")
    assert good.data == b"1"


def test_a_damaged_entry_is_told_for_itself_alone(tmp_path: Path) -> None:
    path = tmp_path / "damaged.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("one.pdf", b"AAAAAAAA")
        archive.writestr("two.pdf", b"2")
    path.write_bytes(path.read_bytes().replace(b"AAAAAAAA", b"AAAABAAA"))
    one, two = items(path)
    assert one.data is None
    assert one.problem
    assert two.data == b"2"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("code\nhttps://a.cn/v/AAAAAAAAAAAAAAAAAA\n", [("row 2", "https://a.cn/v/AAAAAAAAAAAAAAAAAA")]),
        ("name,二维码\n甲,AAAAAAAAAAAAAAAAAA\n\n乙,\n", [("row 2", "AAAAAAAAAAAAAAAAAA"), ("row 4", None)]),
        ("AAAAAAAAAAAAAAAAAA\nBBBBBBBBBBBBBBBBBB\n", [("row 1", "A" * 18), ("row 2", "B" * 18)]),
        ("", []),
    ],
)
def test_codes_come_from_the_column_that_is_called_so(
    tmp_path: Path, text: str, expected: list[tuple[str, str | None]]
) -> None:
    path = tmp_path / "codes.csv"
    path.write_text(text, encoding="utf-8-sig")
    assert [(each.name, each.data) for each in items(path)] == expected


def test_too_many_are_refused_before_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MOST_ITEMS", 2)
    path = tmp_path / "codes.csv"
    path.write_text("a\nb\nc\n")
    with pytest.raises(InvalidInput, match="3 things"):
        read_source(path)


@pytest.mark.parametrize("name", ["no.zip", "no.csv"])
def test_what_is_none_says_so(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xff\xfe\x00broken")
    with pytest.raises(InvalidInput):
        read_source(tmp_path / name)


def test_an_ofd_is_a_zip_and_no_batch(tmp_path: Path) -> None:
    (tmp_path / "a.ofd").write_bytes(b"PK")
    assert not is_batch(tmp_path / "a.ofd")
    assert is_batch(tmp_path)
