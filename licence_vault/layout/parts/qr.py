"""QR codes (ISO/IEC 18004) as pictures of two colours, eight dots a module, so that they print sharply at any size."""

import zlib
from functools import lru_cache
from typing import cast

import zxingcpp
from typing_extensions import Buffer

from licence_vault.layout.drawing import Box, Colour, Modules

QUIET_ZONE = 4
"""Modules of white that the standard wants around the code; they are inside the box given to `draw_qr`."""
DOTS = 8
"""Dots a module: eight of one bit are the byte that a module already is. Readers may smooth what they enlarge."""
MASK = 3
"""Trying all eight masks costs eight times as much. What our codes carry is signed, so random, and any mask does."""


@lru_cache(maxsize=16)
def _matrix(text: str) -> tuple[int, bytes]:
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M", data_mask=MASK)
    image = memoryview(cast(Buffer, code.to_image(scale=1, add_quiet_zones=False)))
    assert image.shape is not None
    return image.shape[0], image.tobytes()


def draw_qr(text: str, box: Box, colour: Colour) -> Modules:
    """`text` as a QR code over the square `box`, quiet zone included, with error correction level M."""
    side, pixels = _matrix(text)
    return Modules(box.inset(QUIET_ZONE * box.width / (side + 2 * QUIET_ZONE)), side, pixels, colour)


@lru_cache(maxsize=16)
def packed_dots(side: int, pixels: bytes) -> bytes:
    """One bit a dot, 0 = dark, each row behind a zero byte, deflated: what both PNG and PDF (predictor 15) take."""
    rows = (b"\0" + pixels[start : start + side] for start in range(0, side * side, side))
    return zlib.compress(b"".join(row * DOTS for row in rows), 1)


def as_png(modules: Modules) -> bytes:
    """The modules as a PNG of two colours (ISO/IEC 15948)."""
    size = (modules.side * DOTS).to_bytes(4, "big")
    chunks = (
        (b"IHDR", size + size + bytes((1, 3, 0, 0, 0))),
        (b"PLTE", bytes(modules.colour) + b"\xff\xff\xff"),
        (b"IDAT", packed_dots(modules.side, modules.pixels)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
