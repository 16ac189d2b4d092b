"""QR codes (ISO/IEC 18004) as filled rectangles, so that they print sharply at any size."""

from functools import lru_cache
from typing import cast

import zxingcpp
from typing_extensions import Buffer

from licence_vault.layout.drawing import Box, Colour, Path, Segment

QUIET_ZONE = 4
"""Modules of white that the standard wants around the code; they are inside the box given to `draw_qr`."""


@lru_cache(maxsize=64)
def qr_matrix(text: str) -> tuple[bytes, ...]:
    """The modules row by row, one byte each, 1 = dark; error correction level M."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    image = memoryview(cast(Buffer, code.to_image(scale=1, add_quiet_zones=False)))
    assert image.shape is not None
    rows, columns = image.shape
    pixels = image.tobytes()
    return tuple(
        bytes(1 if pixel == 0 else 0 for pixel in pixels[row * columns : (row + 1) * columns]) for row in range(rows)
    )


def draw_qr(text: str, box: Box, colour: Colour) -> Path:
    """`text` as a QR code over `box`, quiet zone included."""
    matrix = qr_matrix(text)
    module = box.width / (len(matrix) + 2 * QUIET_ZONE)
    left, top = box.x + QUIET_ZONE * module, box.y + QUIET_ZONE * module
    segments: list[Segment] = []
    for row, modules in enumerate(matrix):
        for start, end in _dark_runs(modules):
            x1, x2 = left + start * module, left + end * module
            y1, y2 = top + row * module, top + (row + 1) * module
            segments += [("M", x1, y1), ("L", x2, y1), ("L", x2, y2), ("L", x1, y2), ("C",)]
    return Path(tuple(segments), fill=colour)


def _dark_runs(modules: bytes) -> list[tuple[int, int]]:
    runs, start = [], None
    for column, dark in enumerate((*modules, 0)):
        if dark and start is None:
            start = column
        elif not dark and start is not None:
            runs.append((start, column))
            start = None
    return runs
