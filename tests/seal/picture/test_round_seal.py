"""The round seal: what it looks like, in measures."""

import math
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from kernel.errors import ConfigurationError, InvalidInput
from seal.picture.drawing import RED
from seal.picture.round_seal import RoundSeal, draw_round_seal
from tests.seal.fonts import KAI_BOLD
from tests.seal.pki import SEAL_CODE, SEAL_NAME

MM = 496 / 42


def drawn(name: str = SEAL_NAME, bottom_text: str = "") -> Image.Image:
    return Image.open(BytesIO(draw_round_seal(RoundSeal(name, SEAL_CODE, KAI_BOLD, bottom_text)))).convert("RGBA")


def ink(image: Image.Image, x_mm: float, y_mm: float) -> int:
    """How strong the red is at a point given from the middle, to the right and down."""
    alpha: int = image.getpixel((round(248 + x_mm * MM), round(248 + y_mm * MM)))[3]
    return alpha


def ring_share(image: Image.Image, radius_mm: float, start: float, end: float) -> float:
    """The share of inked points on an arc; degrees clockwise from the top."""
    steps = 720
    angles = [math.radians(start + (end - start) * step / steps) for step in range(steps)]
    return sum(ink(image, radius_mm * math.sin(a), -radius_mm * math.cos(a)) > 128 for a in angles) / steps


def test_it_is_one_red_on_nothing() -> None:
    image = drawn()

    assert image.size == (496, 496)
    assert {pixel[:3] for pixel in image.get_flattened_data()} == {RED}
    assert image.getpixel((0, 0))[3] == 0
    assert ink(image, 8, 0) == 0


def test_ring_and_star_have_the_prescribed_size() -> None:
    image = drawn()

    assert ring_share(image, 20.4, 0, 360) == 1.0
    assert ring_share(image, 19.5, 0, 100) == 0.0
    assert ink(image, 0, 0) == 255
    assert ink(image, 0, -6.8) > 128
    assert ink(image, 0, -7.3) == 0
    assert ring_share(image, 7.2, 0, 360) == 0.0


def test_the_name_stands_above_and_the_code_below() -> None:
    image = drawn()

    assert ring_share(image, 16, -110, 110) > 0.15
    assert ring_share(image, 16, 150, 210) == 0.0
    assert ring_share(image, 18.5, 150, 210) > 0.05


def test_a_long_name_is_pressed_together_and_leaves_room_for_the_line_below() -> None:
    image = drawn("示例省示例市高新技术产业开发区住房和城乡建设局", "电子证照专用章")

    assert ring_share(image, 16, -110, 110) > 0.15
    assert ring_share(image, 16, 122, 238) == 0.0
    assert any(ink(image, x / 4, 10.4) > 128 for x in range(-40, 40))


def test_it_is_small_and_always_the_same() -> None:
    design = RoundSeal(SEAL_NAME, SEAL_CODE, KAI_BOLD)

    assert len(draw_round_seal(design)) < 24_000
    assert draw_round_seal(design) == draw_round_seal(design)


@pytest.mark.parametrize("name", ["", "一", "长" * 49])
def test_names_of_an_impossible_length_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        draw_round_seal(RoundSeal(name, SEAL_CODE, KAI_BOLD))


def test_a_character_that_the_font_lacks_is_refused_not_drawn_as_a_box() -> None:
    with pytest.raises(InvalidInput, match="no character"):
        draw_round_seal(RoundSeal("示例\U0001f600局", SEAL_CODE, KAI_BOLD))


def test_a_missing_font_is_the_operators_to_mend(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        draw_round_seal(RoundSeal(SEAL_NAME, SEAL_CODE, tmp_path / "missing.ttf"))
