"""Which shape a seal has, and drawing it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, assert_never, get_args

from seal.picture.drawing import Drawing
from seal.picture.name_seal import RECTANGLE_MM, SQUARE_MM, NameSeal, is_square, name_seal
from seal.picture.oval_seal import HEIGHT_MM, WIDTH_MM, OvalSeal, oval_seal
from seal.picture.round_seal import DIAMETER_MM, RoundSeal, round_seal
from seal.picture.typeface import closed_up

SealShape = Literal["round", "oval", "name"]
SHAPES: tuple[SealShape, ...] = get_args(SealShape)

WIDTHS_MM: Mapping[SealShape, float] = {"round": DIAMETER_MM, "oval": WIDTH_MM, "name": SQUARE_MM}
"""The usual width; a name too long for a square takes `RECTANGLE_MM`."""


@dataclass(frozen=True)
class SealDesign:
    """What a seal is to show. `bottom_text`: the special purpose; `middle_text`: an oval seal's number; `width_mm`
    scales the whole; `star` is for round seals, `wide` for the names of persons."""

    shape: SealShape
    name: str
    code: str
    bottom_text: str = ""
    middle_text: str = ""
    width_mm: float | None = None
    star: bool = True
    wide: bool = False


def draw(design: SealDesign, font: Path) -> Drawing:
    """The seal as outlines. Raises `InvalidInput` for texts that do not fit or cannot be written with `font`."""
    match design.shape:
        case "round":
            return round_seal(
                RoundSeal(
                    name=design.name,
                    code=design.code,
                    font=font,
                    bottom_text=design.bottom_text,
                    diameter_mm=design.width_mm or DIAMETER_MM,
                    star=design.star,
                )
            )
        case "oval":
            return oval_seal(
                OvalSeal(
                    name=design.name,
                    font=font,
                    purpose=design.bottom_text,
                    middle=design.middle_text,
                    code=design.code,
                    width_mm=design.width_mm or WIDTH_MM,
                )
            )
        case "name":
            return name_seal(NameSeal(design.name, font, wide=design.wide, width_mm=design.width_mm))
    assert_never(design.shape)


def size_of(shape: SealShape, name: str, width_mm: float | None = None, *, wide: bool = False) -> tuple[float, float]:
    """Width and height in millimetres of a seal of this shape."""
    if shape == "oval":
        width, height = WIDTH_MM, HEIGHT_MM
    elif shape == "round":
        width = height = DIAMETER_MM
    else:
        width, height = (SQUARE_MM, SQUARE_MM) if is_square(closed_up(name)) and not wide else RECTANGLE_MM
    factor = (width_mm or width) / width
    return width * factor, height * factor
