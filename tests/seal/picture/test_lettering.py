"""Names of any length stand on a seal with no letter touching another, the edge or the star."""

import math
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kernel.errors import InvalidInput
from seal.picture.design import SealDesign, SealShape, draw, size_of
from seal.picture.drawing import Drawing, Letter, Point
from tests.seal.fonts import KAI_BOLD
from tests.seal.pki import SEAL_CODE, SEAL_NAME

CHARACTERS = st.sampled_from("示例市场监督管理局住房和城乡建设民政一二三回·（）AiW1")
LINES = st.sampled_from(["", "行政审批专用章", "电子证照专用章（2）"])
EDGE_MM = {"round": 1.2, "oval": 1.0, "name": 1.0}


def axes(letter: Letter) -> list[Point]:
    one, two, _three, four = letter.corners
    return [(two[0] - one[0], two[1] - one[1]), (four[0] - one[0], four[1] - one[1])]


def overlap(one: Letter, other: Letter) -> bool:
    """Whether two cells touch (separating axes)."""
    for x, y in axes(one) + axes(other):
        spans = [[x * px + y * py for px, py in letter.corners] for letter in (one, other)]
        if max(spans[0]) <= min(spans[1]) + 1e-9 or max(spans[1]) <= min(spans[0]) + 1e-9:
            return False
    return True


def inside(drawing: Drawing, shape: SealShape, point: Point) -> bool:
    half_width = drawing.width_mm / 2 - EDGE_MM[shape]
    half_height = drawing.height_mm / 2 - EDGE_MM[shape]
    x, y = abs(point[0]) / half_width, abs(point[1]) / half_height
    return max(x, y) < 1 if shape == "name" else math.hypot(x, y) < 1


def check_apart(drawing: Drawing, shape: SealShape) -> None:
    for one, other in combinations(drawing.letters, 2):
        assert not overlap(one, other), (one.character, other.character)
    assert all(inside(drawing, shape, corner) for letter in drawing.letters for corner in letter.corners)


@settings(max_examples=40, deadline=None)
@given(st.text(CHARACTERS, min_size=2, max_size=48), LINES)
@example("民政", "")
@example("长" * 48, "行政审批专用章")
def test_a_round_seal_keeps_its_letters_apart(name: str, line: str) -> None:
    drawing = draw(SealDesign("round", name, SEAL_CODE, line), KAI_BOLD)

    check_apart(drawing, "round")
    assert all(math.hypot(*corner) > 7.0 for letter in drawing.letters for corner in letter.corners)


@settings(max_examples=40, deadline=None)
@given(st.text(CHARACTERS, min_size=2, max_size=40), LINES, st.sampled_from(["", "91990000MA0000007X", "（1）"]))
@example("长" * 40, "行政审批专用章", "91990000MA0000007X")
def test_an_oval_seal_keeps_its_letters_apart(name: str, purpose: str, number: str) -> None:
    check_apart(draw(SealDesign("oval", name, SEAL_CODE, purpose, number), KAI_BOLD), "oval")


@settings(max_examples=40, deadline=None)
@given(name=st.text(CHARACTERS, min_size=2, max_size=36), wide=st.booleans())
def test_the_seal_of_a_person_keeps_its_letters_apart(name: str, *, wide: bool) -> None:
    check_apart(draw(SealDesign("name", name, "", wide=wide), KAI_BOLD), "name")


@pytest.mark.parametrize("length", [2, 8, 16, 30, 40])
def test_letters_stay_wide_enough_to_be_read(length: int) -> None:
    drawing = draw(SealDesign("round", (SEAL_NAME * 5)[:length], SEAL_CODE), KAI_BOLD)
    sides = [[math.hypot(*axis) for axis in axes(each)] for each in drawing.letters if each.role == "name"]

    assert all(width >= 1.4 and width >= 0.45 * height for width, height in sides)


def test_the_ink_of_every_letter_stays_within_its_cell() -> None:
    drawing = draw(SealDesign("round", "示例（市）一回AgjQ局", SEAL_CODE), KAI_BOLD)
    shapes = drawing.shapes[2:]

    for letter, shape in zip(drawing.letters, shapes, strict=True):
        (x, y), across, down = letter.corners[0], *axes(letter)
        for contour in shape.contours:
            for px, py in contour.flattened():
                for ax, ay in (across, down):
                    part = ((px - x) * ax + (py - y) * ay) / (ax * ax + ay * ay)
                    assert -0.02 <= part <= 1.02, letter.character


def test_short_names_of_persons_fill_two_columns_from_the_right() -> None:
    drawing = draw(SealDesign("name", "李四", ""), KAI_BOLD)

    assert "".join(letter.character for letter in drawing.letters) == "李四之印"
    assert drawing.letters[0].corners[0][0] > 0 > drawing.letters[2].corners[1][0]


@pytest.mark.parametrize(
    ("shape", "name", "size"),
    [
        ("round", SEAL_NAME, (42, 42)),
        ("oval", SEAL_NAME, (40, 30)),
        ("name", "李四光", (20, 20)),
        ("name", "阿卜杜热依木·买买提", (36, 14)),
    ],
)
def test_shapes_have_their_usual_size(shape: SealShape, name: str, size: tuple[float, float]) -> None:
    drawing = draw(SealDesign(shape, name, SEAL_CODE), KAI_BOLD)

    assert (drawing.width_mm, drawing.height_mm) == size == size_of(shape, name)
    assert size_of(shape, name, size[0] / 2) == (size[0] / 2, size[1] / 2)


def test_other_diameters_scale_the_whole() -> None:
    large = draw(SealDesign("round", SEAL_NAME, SEAL_CODE, width_mm=45), KAI_BOLD)

    assert large.width_mm == 45
    check_apart(large, "round")


def test_the_same_outlines_make_an_svg_of_true_size() -> None:
    svg = ElementTree.fromstring(draw(SealDesign("oval", SEAL_NAME, "", "合同专用章"), KAI_BOLD).to_svg())

    assert (svg.get("width"), svg.get("height"), svg.get("viewBox")) == ("40mm", "30mm", "-20 -15 40 30")
    assert len(svg[0].get("d", "")) > 1000


@pytest.mark.parametrize(
    "design",
    [
        SealDesign("oval", "一", ""),
        SealDesign("oval", SEAL_NAME, "", "长" * 11),
        SealDesign("oval", SEAL_NAME, "", "", "9" * 21),
        SealDesign("name", "长" * 37, ""),
        SealDesign("name", "李\U0001f600", ""),
        SealDesign("round", "  ", ""),
    ],
)
def test_texts_that_do_not_fit_are_refused(design: SealDesign) -> None:
    with pytest.raises(InvalidInput):
        draw(design, KAI_BOLD)
