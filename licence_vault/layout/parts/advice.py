"""What is worth saying of a picture before it is printed: its pixels, its proportions, the ground behind a face. Pure.

Advice alone: what is taken at all is `pictures.picture_size`. CPU-bound: call through `asyncio.to_thread`.
"""

import io
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from PIL import Image as Pillow
from PIL import ImageOps, ImageStat

from licence_vault.layout.drawing import Box
from licence_vault.layout.parts.pictures import FORMATS, picture_size

DOTS_WANTED_PER_MM = 6
"""About 150 dpi: below it, print is visibly coarse."""
RATIO_TOLERANCE = 0.12
GROUND_PART, GROUND_SPREAD = 0.12, 26.0
"""The ground is looked at in both upper corners; how far its brightness may vary (standard deviation, of 255)."""
SMALL = (160, 160)


class Advice(StrEnum):
    """What somebody may want to do better."""

    FEW_PIXELS = "few_pixels"
    OTHER_RATIO = "other_ratio"
    UNEVEN_GROUND = "uneven_ground"


@dataclass(frozen=True)
class Looked:
    """A picture that can be used: its pixels as it will be printed, upright, and the advice."""

    width: int
    height: int
    advice: tuple[Advice, ...]


def look_at(data: bytes, box: Box | None, fit: Literal["cover", "contain"]) -> Looked:
    """The picture judged for its place on the face (`box`, in millimetres). Raises `ValueError` if it is not taken."""
    picture_size(data)
    try:
        with Pillow.open(io.BytesIO(data), formats=sorted(FORMATS)) as opened:
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, SyntaxError, Pillow.DecompressionBombError) as failure:
        raise ValueError("not a picture") from failure
    return Looked(picture.width, picture.height, tuple(_advice(picture, box, fit)) if box is not None else ())


def _advice(picture: Pillow.Image, box: Box, fit: Literal["cover", "contain"]) -> list[Advice]:
    found = []
    scale = (max if fit == "contain" else min)(picture.width / box.width, picture.height / box.height)
    if scale < DOTS_WANTED_PER_MM:
        found.append(Advice.FEW_PIXELS)
    if fit == "contain":  # a signature is shrunk to its place whole, and has no ground
        return found
    if abs((picture.width / picture.height) / (box.width / box.height) - 1) > RATIO_TOLERANCE:
        found.append(Advice.OTHER_RATIO)
    if _ground_spread(picture) > GROUND_SPREAD:
        found.append(Advice.UNEVEN_GROUND)
    return found


def _ground_spread(picture: Pillow.Image) -> float:
    """How uneven both upper corners are taken together, whatever their colour."""
    small = picture.resize(SMALL)
    part = round(SMALL[0] * GROUND_PART)
    ground = Pillow.new("RGB", (2 * part, 2 * part))
    for left, place in ((0, 0), (SMALL[0] - part, part)):
        ground.paste(small.crop((left, 0, left + part, 2 * part)), (place, 0))
    return max(ImageStat.Stat(ground).stddev)
