"""A picture of a seal that somebody sends: taken only if it would print as a seal does.

Every rule is said with what was found and what is wanted, and all that is broken is said at once.
"""

import struct
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from kernel.errors import FieldError, InvalidInput

MOST_BYTES = 512 * 1024
MOST_PIXELS = 4096
LEAST_DOTS_PER_INCH = 150
RATIO_TOLERANCE = 0.04
LEAST_TRANSPARENT, LEAST_INK, LEAST_RED = 0.2, 0.01, 0.9
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_JUDGED = 256
"""Colours are judged on a copy at most this wide."""


@dataclass(frozen=True)
class CheckedPicture:
    """The picture written anew: the same pixels, nothing else that the file carried, and its size for printing."""

    png: bytes
    width_px: int
    height_px: int


def check_picture(data: bytes, *, width_mm: float, height_mm: float, field: str = "picture") -> CheckedPicture:
    """Raise `InvalidInput` naming everything that is wrong with `data` as a picture of a seal of this size."""
    image = _opened(data, field)
    faults = [*_size_faults(image, width_mm, height_mm, field), *_colour_faults(image, field)]
    if faults:
        raise InvalidInput("Some fields need your attention.", fields=faults)
    output = BytesIO()
    dots = image.width / width_mm * 25.4
    image.save(output, "PNG", optimize=True, dpi=(dots, dots))
    return CheckedPicture(output.getvalue(), image.width, image.height)


def _opened(data: bytes, field: str) -> Image.Image:
    """Decoded to RGBA; the size stands in the first chunk and is looked at before anything is unpacked."""
    message = "The picture must be a PNG of at most 512 KB."
    unreadable = "The picture cannot be read. Save it again."
    if len(data) > MOST_BYTES or not data.startswith(_SIGNATURE) or data[12:16] != b"IHDR" or len(data) < 33:
        raise _refused(field, message)
    width, height = struct.unpack(">II", data[16:24])
    if not (0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS):
        raise _refused(field, "The picture is at most {most} pixels wide and high.", most=MOST_PIXELS)
    try:
        with Image.open(BytesIO(data), formats=["PNG"]) as image:
            if getattr(image, "n_frames", 1) != 1:
                raise _refused(field, "The picture must not move.")
            return image.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as failure:
        raise _refused(field, unreadable) from failure


def _size_faults(image: Image.Image, width_mm: float, height_mm: float, field: str) -> list[FieldError]:
    faults: list[FieldError] = []
    least = round(width_mm / 25.4 * LEAST_DOTS_PER_INCH)
    if image.width < least:
        message = "The picture is {found} pixels wide; at {mm} mm it needs at least {least}."
        faults.append(FieldError(field, message, {"found": image.width, "mm": f"{width_mm:g}", "least": least}))
    if abs(image.width / image.height / (width_mm / height_mm) - 1) > RATIO_TOLERANCE:
        message = "The picture's proportions are not those of a seal of {width} × {height} mm. Cut it to its edges."
        faults.append(FieldError(field, message, {"width": f"{width_mm:g}", "height": f"{height_mm:g}"}))
    return faults


def _colour_faults(image: Image.Image, field: str) -> list[FieldError]:
    """Paper shows through where no ink is; the ink is red."""
    small = image.copy()
    small.thumbnail((_JUDGED, _JUDGED), Image.Resampling.NEAREST)
    raw = small.tobytes()
    pixels = list(zip(raw[0::4], raw[1::4], raw[2::4], raw[3::4], strict=True))
    inked = [pixel for pixel in pixels if pixel[3] >= 96]
    if sum(pixel[3] < 32 for pixel in pixels) < LEAST_TRANSPARENT * len(pixels):
        return [FieldError(field, "The picture's background must be transparent.")]
    if len(inked) < LEAST_INK * len(pixels):
        return [FieldError(field, "The picture is nearly empty.")]
    if sum(map(_is_red, inked)) < LEAST_RED * len(inked):
        return [FieldError(field, "A seal is red. Other colours were found in the picture.")]
    return []


def _is_red(pixel: tuple[int, int, int, int]) -> bool:
    red, green, blue, _alpha = pixel
    return red >= 120 and red >= 1.7 * green and red >= 1.7 * blue


def _refused(field: str, message: str, **params: object) -> InvalidInput:
    return InvalidInput("Some fields need your attention.", fields=[FieldError(field, message, params)])
