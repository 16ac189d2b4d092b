"""One drawing, two writers: the OFD and the PDF say the same at the same place, and the same again next time."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from licence_vault.layout.composition import compose
from licence_vault.layout.face import read_face
from licence_vault.layout.fonts import FontBook, Typeface
from licence_vault.layout.ofd import write_ofd
from licence_vault.layout.pdf.writing import write_pdf
from tests.licence_vault.layout.ofd_picture import FINER, blurred_difference, ofd_pictures
from tests.licence_vault.layout.ofd_rules import complaints
from tests.licence_vault.layout.reading import Placed, ofd_characters, pdf_characters, rendered
from tests.licence_vault.layout.samples import NOW, TYPE_FILES, Sample, example, fonts, redrawn, small, small_face

APART_MM = 0.3
DPI = 60
SAME_LOOK = 0.012


def farthest_apart(sample: Sample) -> float:
    """How far the same character stands from itself in the other file, at worst; both have the same characters."""
    left, right = _by_character(ofd_characters(sample.ofd)), _by_character(pdf_characters(sample.pdf))
    assert {key: len(places) for key, places in left.items()} == {key: len(places) for key, places in right.items()}
    worst = 0.0
    for key, places in left.items():
        free = list(right[key])
        for place in places:
            nearest = min(free, key=lambda other: _distance(place, other))
            free.remove(nearest)
            worst = max(worst, _distance(place, nearest))
    return worst


def _by_character(placed: list[Placed]) -> dict[tuple[int, str], list[Placed]]:
    found = defaultdict(list)
    for each in placed:
        found[each.page, each.character].append(each)
    return dict(found)


def _distance(one: Placed, other: Placed) -> float:
    return max(abs(one.x - other.x), abs(one.y - other.y))


@pytest.mark.parametrize("name", TYPE_FILES)
def test_every_character_of_a_shipped_face_stands_at_the_same_place_in_both(name: str) -> None:
    assert farthest_apart(example(name)) < APART_MM


@pytest.mark.parametrize("align", ["left", "centre", "right", "spread"])
@pytest.mark.parametrize(
    "text", ["青", "虚构市青禾科技有限公司", "Ivy & Sons <Ltd>", "住所：文昌路 18 号\n1 层 102 室"]
)
def test_so_does_every_way_of_setting_text(align: str, text: str) -> None:
    assert farthest_apart(small(text, face=small_face(align=align, middle=True, spacing=0.4))) < APART_MM


def test_so_does_a_line_that_needs_two_fonts(tmp_path: Path) -> None:
    latin = tmp_path / "latin.ttf"
    latin.write_bytes(fonts().typeface("regular").subset("Ivy 18").data)
    book = FontBook({"regular": (Typeface("latin", latin), fonts().typeface("regular"))})
    drawing = compose(read_face(small_face()), {"fields.name": "青 Ivy 禾 18 号"}, {}, book)
    assert {text.typeface for text in drawing.texts() if text.field} == {"latin", "regular"}
    document = replace(small("青").document, drawing=drawing)
    sample = Sample(document, {}, write_ofd(document, book), write_pdf(document, book))
    assert farthest_apart(sample) < APART_MM
    assert complaints(sample.ofd) == []


def test_the_comparison_notices_a_character_that_moved() -> None:
    here, there = small("青禾", face=small_face()), small("青禾", face=small_face(box=[20.4, 40, 60, 12]))
    assert farthest_apart(Sample(here.document, here.values, here.ofd, there.pdf)) > APART_MM


@pytest.mark.parametrize("name", TYPE_FILES)
def test_every_value_of_the_face_is_drawn_whole(name: str) -> None:
    sample = example(name)
    drawn: dict[str, str] = defaultdict(str)
    for text in sample.document.drawing.texts():
        if text.field:
            drawn[text.field] += "".join(line.text for line in text.lines)
    expected = {of: "".join(value.split()) for of, value in sample.values.items() if of in drawn}
    assert {of: "".join(text.split()) for of, text in drawn.items()} == expected
    assert set(sample.drawn_fields) <= set(drawn)


def pdf_picture(data: bytes, page: int = 0) -> Image.Image:
    """A page of the PDF; drawn finer first, so that a hair line is not made a pixel wide."""
    fine = rendered(data, dpi=DPI * FINER, page=page)
    return fine.resize((fine.width // FINER, fine.height // FINER), Image.Resampling.BOX)


@pytest.mark.parametrize("name", TYPE_FILES)
def test_both_files_look_the_same_to_the_eye(name: str) -> None:
    sample = example(name)
    pages = ofd_pictures(sample.ofd, DPI)
    assert len(pages) == len(sample.document.drawing.pages)
    for page, picture in enumerate(pages):
        assert blurred_difference(picture, pdf_picture(sample.pdf, page)) < SAME_LOOK, f"page {page + 1}"


def test_the_eye_notices_a_value_that_is_missing() -> None:
    here, there = small("青禾科技"), small("")
    picture = pdf_picture(there.pdf)
    assert blurred_difference(ofd_pictures(here.ofd, DPI)[0], picture) > 2 * blurred_difference(
        ofd_pictures(there.ofd, DPI)[0], picture
    )


@pytest.mark.parametrize("name", TYPE_FILES)
def test_the_same_document_gives_the_same_bytes(name: str) -> None:
    first = example(name)
    again = redrawn(first)
    assert (again.ofd, again.pdf) == (first.ofd, first.pdf)


def test_another_time_or_text_gives_other_bytes() -> None:
    first = small("青禾")
    for other in (small("青苗"), redrawn(first, created_at=NOW + timedelta(seconds=2))):
        assert other.ofd != first.ofd
        assert other.pdf != first.pdf
