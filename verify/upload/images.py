"""A QR code in a photo or screenshot. Blocking: call through `asyncio.to_thread`."""

import io
from collections.abc import Iterator

import zxingcpp
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

from kernel.errors import InvalidInput
from verify.qr.reading import read_qr

MAX_PIXELS = 40_000_000  # a phone's camera, not a decompression bomb
SMALLER, LARGER = 1600, 2000
"""Pixels of the longer side: large pictures are tried smaller, and only small ones larger."""
SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")


def is_image(data: bytes) -> bool:
    """Whether this looks like a picture that a camera or a phone makes."""
    return data.startswith(SIGNATURES)


def read_qr_in_image(data: bytes) -> str:
    """The text of the one QR code in the picture; raises `InvalidInput` when there is none, several or no picture."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "GIF", "WEBP", "BMP")) as image:
            if image.width * image.height > MAX_PIXELS:
                raise InvalidInput("The picture is too large. Cut out the QR code and send that.")
            texts = _find(ImageOps.exif_transpose(image).convert("L"))
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as failure:
        raise InvalidInput(
            "This picture cannot be read. Send it as PNG or JPEG.", reason=type(failure).__name__
        ) from failure
    ours = {text for text in texts if _is_ours(text)}
    texts = ours or texts  # the printed form around it may carry codes of others
    if not texts:
        raise InvalidInput("There is no QR code in this picture. Take it again, closer and in good light.")
    if len(texts) > 1:
        raise InvalidInput("There are several QR codes in this picture. Cut out the one on the licence.")
    return texts.pop()


def _find(picture: Image.Image) -> set[str]:
    """The texts of the codes in a grey picture: as it is first, then as cameras and scanners spoil it."""
    for attempt in _attempts(picture):
        found = zxingcpp.read_barcodes(attempt, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
        if texts := {barcode.text for barcode in found}:
            return texts
    return set()


def _attempts(picture: Image.Image) -> Iterator[Image.Image]:
    """From cheap to dear. Small codes are enlarged, blurred ones sharpened, tilted ones turned half-way."""
    yield picture
    longest = max(picture.size)
    if longest > SMALLER:
        yield picture.resize((picture.width * SMALLER // longest or 1, picture.height * SMALLER // longest or 1))
    even = ImageOps.autocontrast(picture, cutoff=2)
    yield even.filter(ImageFilter.UnsharpMask(radius=4, percent=250, threshold=0))
    if longest <= LARGER:
        twice = even.resize((picture.width * 2, picture.height * 2), Image.Resampling.LANCZOS)
        yield twice.filter(ImageFilter.UnsharpMask(radius=6, percent=300, threshold=0))
    if longest <= 2 * LARGER:
        yield even.rotate(45, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)
        yield even.rotate(20, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)


def _is_ours(text: str) -> bool:
    try:
        read_qr(text)
    except InvalidInput:
        return False
    return True
