"""Pictures: decoded here with limits and handed to the rasteriser as plain samples."""

import io
import struct
import warnings
import zlib

from PIL import Image

from seal.documents.ofd.rendering.canvas import Canvas

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "DIB", "WEBP")
MOST_PIXELS = 60_000_000
LARGEST_SIDE = 3000
"""Pixels; more than this on a side no preview shows."""

_JBIG2_MARK = b"\x97JB2\r\n\x1a\n"


def add_picture(canvas: Canvas, data: bytes, *, mask: bytes | None = None) -> str | None:
    """Put a picture into the canvas: the name to draw it by, `None` when it is of an unknown or broken kind."""
    if data.startswith(_JBIG2_MARK):
        return _add_jbig2(canvas, data)
    image = open_picture(data)
    if image is None:
        return None
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    shade = open_picture(mask) if mask else None
    if shade is not None:
        alpha = shade.convert("L").resize(image.size)
    soft = ""
    if alpha is not None and alpha.getextrema() != (255, 255):
        soft = f"/SMask {_add_samples(canvas, alpha, '')} 0 R"
    colours = image.convert("L" if image.mode in ("L", "LA") else "RGB")
    return canvas.add_image(_add_samples(canvas, colours, soft))


def open_picture(data: bytes) -> Image.Image | None:
    """The picture in L, LA, RGB or RGBA, no larger than needed; `None` when it cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data), formats=FORMATS)
            if image.width * image.height > MOST_PIXELS:
                return None
            image.draft(None, (LARGEST_SIDE, LARGEST_SIDE))
            image.load()
            return _plain(image)
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, Image.DecompressionBombError, MemoryError):
        return None


def _plain(image: Image.Image) -> Image.Image:
    see_through = "transparency" in image.info or image.mode in ("LA", "PA", "RGBA", "La", "RGBa")
    wanted = ("LA" if image.mode in ("LA", "La") else "RGBA") if see_through else "RGB"
    if image.mode in ("1", "L") and not see_through:
        wanted = "L"
    elif image.mode.startswith("I") or image.mode == "F":
        image = image.convert("F").point(lambda value: value / 257).convert("L")
        wanted = "L"
    if image.mode != wanted:
        image = image.convert(wanted)
    if max(image.size) > LARGEST_SIDE:
        image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    return image


def _add_samples(canvas: Canvas, image: Image.Image, extra: str) -> int:
    space = "/DeviceGray" if image.mode == "L" else "/DeviceRGB"
    dictionary = (
        f"/Type/XObject/Subtype/Image/Width {image.width}/Height {image.height}/ColorSpace{space}"
        f"/BitsPerComponent 8/Filter/FlateDecode{extra}"
    )
    return canvas.add_stream(dictionary, zlib.compress(image.tobytes(), 1))


def _add_jbig2(canvas: Canvas, data: bytes) -> str | None:
    """A JBIG2 file (ITU-T T.88 annex D) without its header is what PDF embeds; only the sequential order is."""
    try:
        flags = data[8]
        body = data[9 if flags & 2 else 13 :]
        width, height = _jbig2_page(body)
    except (IndexError, struct.error):
        return None
    if not flags & 1 or not 0 < width * height <= MOST_PIXELS:
        return None
    dictionary = (
        f"/Type/XObject/Subtype/Image/Width {width}/Height {height}/ColorSpace/DeviceGray/BitsPerComponent 1"
        "/Filter/JBIG2Decode"
    )
    return canvas.add_image(canvas.add_stream(dictionary, body))


def _jbig2_page(body: bytes) -> tuple[int, int]:
    """Width and height from the page information segment (type 48)."""
    position = 0
    while True:
        kind = body[position + 4] & 0x3F
        wide = body[position + 4] & 0x40
        count = body[position + 5] >> 5
        number = struct.unpack_from(">I", body, position)[0]
        step = 1 if number <= 256 else 2 if number <= 65536 else 4
        if count == 7:
            count = struct.unpack_from(">I", body, position + 5)[0] & 0x1FFFFFFF
            position += 4 + (count + 8) // 8 - 1
        position += 6 + step * count + (4 if wide else 1)
        (length,) = struct.unpack_from(">I", body, position)
        position += 4
        if kind == 48:
            width, height = struct.unpack_from(">II", body, position)
            return width, height
        position += length
