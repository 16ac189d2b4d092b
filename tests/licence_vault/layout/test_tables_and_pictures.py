"""Tables and pictures on a face: what fits is drawn in its cell, what does not is refused at its field."""

import io
from typing import Any

import pytest
from PIL import Image

from kernel.errors import InvalidInput
from licence_vault.layout.composition import compose
from licence_vault.layout.drawing import Box
from licence_vault.layout.drawing import Image as DrawnImage
from licence_vault.layout.face import read_face
from licence_vault.layout.parts.pictures import LARGEST_BYTES, picture_size, place_picture
from tests.licence_vault.layout.samples import fonts

TABLE: dict[str, Any] = {
    "kind": "table", "of": "fields.rows", "box": [10, 10, 80, 24], "row_height": 8, "head_height": 8, "size": 10,
    "columns": [{"title": "名称", "of": "name", "width": 30}, {"title": "期限", "of": "until", "width": 50}],
}  # fmt: skip


def composed(element: dict[str, Any], values: dict[str, str], images: dict[str, bytes] | None = None) -> Any:
    face = read_face({"paper": [100, 100], "pages": [{"elements": [element]}]})
    return compose(face, values, images or {}, fonts())


def file(format: str = "PNG", size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (10, 120, 200)).save(buffer, format, **options)
    return buffer.getvalue()


def test_entries_stand_in_their_cells_under_their_heads() -> None:
    drawing = composed(
        TABLE, {"fields.rows.0.name": "青禾", "fields.rows.1.name": "青苗", "fields.rows.1.until": "长期"}
    )
    placed = {(text.field, line.text): (line.x, line.baseline) for text in drawing.texts() for line in text.lines}
    assert placed[None, "名称"][1] < 18
    assert 18 < placed["fields.rows.0.name", "青禾"][1] < 26
    x, y = placed["fields.rows.1.until", "长期"]
    assert 40 < x < 90
    assert 26 < y < 34


def test_one_entry_too_many_is_refused_at_its_field() -> None:
    with pytest.raises(InvalidInput) as refusal:
        composed(TABLE, {f"fields.rows.{row}.name": "青" for row in range(3)})
    assert [error.field for error in refusal.value.fields] == ["fields.rows"]


def test_an_entry_that_is_too_long_is_refused_at_its_cell() -> None:
    with pytest.raises(InvalidInput) as refusal:
        composed(TABLE, {"fields.rows.1.name": "青" * 60, "fields.rows.0.name": "禾"})
    assert [error.field for error in refusal.value.fields] == ["fields.rows.1.name"]


def test_a_photograph_is_cut_to_its_box_and_a_plan_is_shrunk_into_it() -> None:
    box = Box(10, 10, 20, 20)
    cut, data = place_picture(file(), box, "cover")
    assert cut == box
    assert picture_size(data)[0] == picture_size(data)[1]
    shrunk, data = place_picture(file(), box, "contain")
    assert (shrunk.width, round(shrunk.height, 3), round(shrunk.y, 3)) == (20, 13.333, 13.333)
    assert picture_size(data) == (60, 40)


def test_nothing_travels_along_with_a_photograph() -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    data = file("JPEG", exif=exif) + b"a second file"
    assert b"taken at home" in data
    _box, written = place_picture(data, Box(0, 0, 20, 20), "cover")
    assert b"taken at home" not in written
    assert b"a second file" not in written


def test_a_photograph_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    box, _data = place_picture(file("JPEG", exif=exif), Box(0, 0, 30, 30), "contain")
    assert box.height > box.width


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a", b"%PDF-1.7", file()[:60], b"x" * (LARGEST_BYTES + 1), file("GIF"), file(size=(4, 4))],
    ids=["empty", "gif head", "pdf", "cut off", "too large", "gif", "too small"],
)
def test_what_is_no_picture_is_refused_at_its_field(data: bytes) -> None:
    element = {"kind": "image", "of": "fields.photo", "box": [10, 10, 20, 20]}
    with pytest.raises(InvalidInput) as refusal:
        composed(element, {}, {"fields.photo": data})
    assert [error.field for error in refusal.value.fields] == ["fields.photo"]


def test_a_picture_that_would_fill_the_machine_is_refused_unread() -> None:
    with pytest.raises(ValueError, match="pixels"):
        picture_size(file(size=(6000, 5000)))


def test_a_missing_picture_leaves_its_place_empty() -> None:
    drawing = composed({"kind": "image", "of": "fields.photo", "box": [10, 10, 20, 20]}, {})
    assert not any(isinstance(item, DrawnImage) for page in drawing.pages for item in page.variable)
