"""Pictures for a face: read with care, turned upright, cut or shrunk to their place, written anew.

Written anew, so that nothing travels along: no place and time of a photograph, no second file behind the first.
"""

import io
from typing import Literal

from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from licence_vault.layout.drawing import Box

FITS = ("cover", "contain")
FORMATS = {"JPEG", "PNG"}
MOST_PIXELS = 24_000_000
LARGEST_BYTES = 180 * 1024
"""Of a picture as it is handed in; base64 of it still fits into a request."""
DOTS_PER_MM = 12
"""About 300 dpi."""


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels. Raises `ValueError` for anything but a JPEG or PNG of sensible size."""
    if len(data) > LARGEST_BYTES:
        raise ValueError("too large")
    try:
        with Pillow.open(io.BytesIO(data), formats=sorted(FORMATS)) as picture:
            width, height = picture.size
    except (UnidentifiedImageError, OSError, SyntaxError, Pillow.DecompressionBombError) as failure:
        raise ValueError("not a picture") from failure
    if width * height > MOST_PIXELS or min(width, height) < 8:
        raise ValueError("too many pixels")
    return width, height


def place_picture(data: bytes, box: Box, fit: Literal["cover", "contain"]) -> tuple[Box, bytes]:
    """Where the picture goes in `box`, and its new bytes. Raises `ValueError` when it cannot be read."""
    picture_size(data)
    try:
        with Pillow.open(io.BytesIO(data), formats=sorted(FORMATS)) as opened:
            kind = opened.format
            picture = _on_white(ImageOps.exif_transpose(opened))
    except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError) as failure:
        raise ValueError("not a picture") from failure
    if fit == "cover":
        size = (max(1, round(box.width * DOTS_PER_MM)), max(1, round(box.height * DOTS_PER_MM)))
        scale = min(1.0, max(picture.width / size[0], picture.height / size[1]))
        picture = ImageOps.fit(picture, (max(1, round(size[0] * scale)), max(1, round(size[1] * scale))))
    else:
        picture.thumbnail((max(1, round(box.width * DOTS_PER_MM)), max(1, round(box.height * DOTS_PER_MM))))
        box = _contained(picture.width / picture.height, box)
    file = io.BytesIO()
    if kind == "PNG":
        picture.save(file, "PNG", compress_level=6)
    else:
        picture.save(file, "JPEG", quality=88)
    return box, file.getvalue()


def _on_white(picture: Pillow.Image) -> Pillow.Image:
    rgba = picture.convert("RGBA")
    paper = Pillow.new("RGBA", rgba.size, "white")
    return Pillow.alpha_composite(paper, rgba).convert("RGB")


def _contained(ratio: float, box: Box) -> Box:
    width, height = (
        (box.width, box.width / ratio) if ratio > box.width / box.height else (box.height * ratio, box.height)
    )
    return Box(box.x + (box.width - width) / 2, box.y + (box.height - height) / 2, width, height)
