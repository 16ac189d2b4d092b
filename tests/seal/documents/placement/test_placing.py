"""Where seals go: at millimetres, on words, over edges."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import InvalidInput
from seal.documents.pages import page_sizes
from seal.documents.placement.placing import place, riding
from seal.documents.placement.request import At, Invisible, LowerRight, OnKeyword, Riding, read_placements, to_json
from seal.documents.placement.words import find_words
from seal.documents.positions import PageSize, check_positions
from tests.seal.ofd_samples import minimal_files, minimal_ofd, zipped
from tests.seal.pdf_samples import minimal_pdf

A4 = PageSize(210, 297)


@pytest.mark.parametrize("format", ["ofd", "pdf"])
def test_a_word_is_found_on_every_page_where_it_stands(format: str) -> None:
    document = minimal_ofd(pages=3) if format == "ofd" else minimal_pdf(pages=3)
    text = "执照" if format == "ofd" else "licence"

    words = find_words(document, format, text)

    assert [word.page for word in words] == [1, 2, 3]
    if format == "ofd":
        # Boundary 20 20, X=0 Y=8, size 5: the third character begins 10 mm further right.
        assert (words[0].x_mm, words[0].width_mm) == (30, 10)
        assert words[0].y_mm < 28 < words[0].y_mm + words[0].height_mm
    else:
        # Td 72 720 on a page 841.89 points high: an inch from the left, 43 mm from the top.
        assert words[0].x_mm == pytest.approx(25.4, abs=1.5)
        assert words[0].y_mm < (841.89 - 720) / 72 * 25.4 <= words[0].y_mm + words[0].height_mm + 1


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_words_are_found_where_they_are_seen_on_turned_pages(rotation: int) -> None:
    document = minimal_pdf(rotation=rotation)
    (size,) = page_sizes(document, "pdf")
    x, y = find_words(document, "pdf", "Licence, page 1")[0].middle

    # The line is near the upper left corner of the unturned page.
    corner = {0: (0, 0), 90: (1, 0), 180: (1, 1), 270: (0, 1)}[rotation]
    assert (x > size.width_mm / 2, y > size.height_mm / 2) == (bool(corner[0]), bool(corner[1]))


def test_spaces_and_the_width_of_characters_do_not_matter() -> None:
    assert len(find_words(minimal_pdf(), "pdf", "ＬＩＣＥＮＣＥ，page  1")) == 1


def test_deltas_of_an_ofd_are_followed() -> None:
    files = minimal_files()
    name = "Doc_0/Pages/Page_0/Content.xml"
    files[name] = files[name].replace(b'X="0" Y="8"', b'X="1" Y="8" DeltaX="g 2 10 20"')

    (word,) = find_words(zipped(files), "ofd", "照")

    assert word.x_mm == pytest.approx(20 + 1 + 10 + 10 + 20)


def test_places_by_kind() -> None:
    document = minimal_pdf(pages=3)

    assert [p.page for p in place(document, "pdf", [At(0, 10, 10)])] == [1, 2, 3]
    assert [p.page for p in place(document, "pdf", [At(-1, 10, 10)])] == [3]
    assert place(document, "pdf", [Invisible()]) == []
    (end,) = place(document, "pdf", [LowerRight()])
    assert (end.page, round(end.x_mm), round(end.y_mm)) == (3, 143, 230)
    assert [p.page for p in place(document, "pdf", [OnKeyword("Licence", 0)])] == [1, 2, 3]
    assert [p.page for p in place(document, "pdf", [OnKeyword("Licence", 2)])] == [2]
    assert [p.page for p in place(document, "pdf", [OnKeyword("Licence", -1)])] == [3]


def test_a_seal_on_a_word_at_the_edge_stays_on_the_page() -> None:
    (position,) = place(minimal_pdf(), "pdf", [OnKeyword("Licence", 1, dx_mm=-500, dy_mm=-500)])

    assert (position.x_mm, position.y_mm) == (0, 0)


@pytest.mark.parametrize(
    ("placement", "words"),
    [
        (OnKeyword("不在此处"), "does not contain"),
        (OnKeyword("Licence", 9), "3 times only"),
        (At(7, 0, 0), "no page 7"),
        (At(1, 200, 0), "does not fit"),
        (Riding(pages="2"), "at least two pages"),
        (Riding(pages="1-9"), "no page 9"),
        (Riding(pages="x"), "Pages are all"),
    ],
)
def test_what_cannot_be_placed_is_said(placement: Any, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        place(minimal_pdf(pages=3), "pdf", [placement])


@given(st.integers(2, 130), st.sampled_from(["right", "left"]))
def test_slices_of_each_riding_seal_make_one_whole_picture(count: int, edge: Any) -> None:
    pages = [A4] * count

    slices = riding(pages, Riding(edge=edge))

    check_positions(slices, pages)
    assert [each.page for each in slices] == list(range(1, count + 1))
    assert sum(each.clip_width_mm or 0 for each in slices) == pytest.approx(42 * -(-count // 20))
    assert all((each.clip_width_mm or 0) >= 42 / 20 - 1e-9 for each in slices)
    for each in slices:
        shown_left = each.x_mm + each.clip_x_mm
        assert shown_left == pytest.approx(0 if edge == "left" else 210 - (each.clip_width_mm or 0))


def test_pages_of_a_riding_seal_are_chosen() -> None:
    assert [each.page for each in riding([A4] * 6, Riding(pages="odd"))] == [1, 3, 5]
    assert [each.page for each in riding([A4] * 6, Riding(pages="1-2，5"))] == [1, 2, 5]


def test_what_is_written_is_read() -> None:
    placements = [At(1, 2.5, 3), OnKeyword("盖章处", -1), Riding("left", "1-3", 12.0), LowerRight(30)]

    assert read_placements(to_json(placements)) == placements
    assert read_placements([{"kind": "keyword", "text": "x", "occurrence": "last"}]) == [OnKeyword("x", -1)]


@pytest.mark.parametrize(
    "entries",
    [
        None, [], [1], [{"kind": "x"}], [{"kind": []}], [{"kind": "at"}], [{"page": True, "x": 0, "y": 0}],
        [{"page": 1, "x": float("nan"), "y": 0}], [{"page": 1, "x": 0, "y": 0, "width": 0}],
        [{"kind": "keyword", "text": " "}], [{"kind": "keyword", "text": "x", "occurrence": -2}],
        [{"kind": "riding", "edge": "top"}], [{"kind": "riding", "pages": 3}],
        [{"kind": "invisible"}, {"kind": "lower-right"}], [{"kind": "lower-right"}] * 201,
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(entries: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_placements(entries)
    assert refusal.value.fields[0].field == "placements"
