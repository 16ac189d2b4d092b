"""The process that reads one scan: `python -I worker.py`, the file at its standard input, pages at its output.

It imports nothing of the house and may use little: whatever a hostile picture or PDF does happens here and ends here.
Answer: one line of JSON, `{"pages": [[width mm, height mm, bytes], …]}` or `{"error": code}`, then the JPEGs one after
the other. Codes: not-readable, too-many-pages, too-large.
"""

import contextlib
import io
import json
import resource
import sys
from typing import Any

MEMORY, SECONDS = 1536 * 1024 * 1024, 40
MOST_PAGES, MOST_PIXELS = 20, 60_000_000
KEPT_PIXELS, QUALITY = 5_000_000, 82
SMALLEST_MM, LARGEST_MM = 20.0, 1000.0
USUAL_DPI, LEAST_DPI, MOST_DPI = 200.0, 60.0, 1300.0
RENDERED_DPI = 200
FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP")


class Refused(Exception):
    """What is wrong, as a code."""


def confine() -> None:
    """Little memory, little time, nothing written to disk, no further processes."""
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))


def pages_of(data: bytes) -> list[tuple[float, float, bytes]]:
    """Every page: its size in millimetres and a new JPEG."""
    return _of_pdf(data) if b"%PDF-" in data[:1024] else _of_picture(data)


def _of_picture(data: bytes) -> list[tuple[float, float, bytes]]:
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # the size is looked at below, before a single pixel is unpacked
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        count = getattr(opened, "n_frames", 1)
        if count > MOST_PAGES:
            raise Refused("too-many-pages")
        pages = []
        for index in range(count):
            opened.seek(index)
            if opened.width * opened.height > MOST_PIXELS or min(opened.size) < 16:
                raise Refused("too-large")
            dpi = _dpi(opened.info.get("dpi"))
            pages.append(_written(ImageOps.exif_transpose(opened), dpi))
        return pages


def _of_pdf(data: bytes) -> list[tuple[float, float, bytes]]:
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    if len(document) > MOST_PAGES:
        raise Refused("too-many-pages")
    pages = []
    for page in document:
        width, height = page.get_width() / 72 * 25.4, page.get_height() / 72 * 25.4
        if not (SMALLEST_MM <= width <= LARGEST_MM and SMALLEST_MM <= height <= LARGEST_MM):
            raise Refused("too-large")
        scale = min(RENDERED_DPI / 72, (KEPT_PIXELS / (page.get_width() * page.get_height())) ** 0.5)
        _width, _height, jpeg = _written(page.render(scale=scale).to_pil(), USUAL_DPI)
        pages.append((round(width, 2), round(height, 2), jpeg))
    return pages


def _written(picture: Any, dpi: float) -> tuple[float, float, bytes]:
    from PIL import Image

    width, height = (max(SMALLEST_MM, each / dpi * 25.4) for each in picture.size)
    shrunk = max(1.0, max(width, height) / LARGEST_MM)
    if picture.mode in ("RGBA", "LA", "P", "PA"):
        rgba = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    picture = picture.convert("L" if picture.mode in ("1", "L", "I;16") else "RGB")
    factor = min(1.0, (KEPT_PIXELS / (picture.width * picture.height)) ** 0.5)
    if factor < 1:
        picture = picture.resize((max(1, int(picture.width * factor)), max(1, int(picture.height * factor))))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=QUALITY)
    return round(width / shrunk, 2), round(height / shrunk, 2), file.getvalue()


def _dpi(said: object) -> float:
    """What a scanner wrote down, if it can be true; cameras write 72 and mean nothing by it."""
    try:
        dpi = float(said[0])  # type: ignore[index]
    except (TypeError, ValueError, IndexError):
        return USUAL_DPI
    return dpi if LEAST_DPI <= dpi <= MOST_DPI and dpi not in (72.0, 96.0) else USUAL_DPI


def main() -> None:
    """Read, render, write."""
    confine()
    data = sys.stdin.buffer.read()
    try:
        pages = pages_of(data)
    except Refused as refused:
        answer: dict[str, object] = {"error": str(refused)}
        pages = []
    except Exception:  # noqa: BLE001 - whatever is wrong with a stranger's file, the answer is the same
        answer, pages = {"error": "not-readable"}, []
    else:
        answer = {"pages": [[width, height, len(jpeg)] for width, height, jpeg in pages]}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + b"".join(jpeg for *_size, jpeg in pages))


if __name__ == "__main__":
    main()
