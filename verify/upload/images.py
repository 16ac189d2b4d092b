"""A QR code in a photo or screenshot. Blocking: call through `asyncio.to_thread`."""

import io

import zxingcpp
from PIL import Image, UnidentifiedImageError

from kernel.errors import InvalidInput

MAX_PIXELS = 40_000_000  # a phone's camera, not a decompression bomb
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
            found = zxingcpp.read_barcodes(
                image.convert("L"), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
            )
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as failure:
        raise InvalidInput(
            "This picture cannot be read. Send it as PNG or JPEG.", reason=type(failure).__name__
        ) from failure
    texts = {barcode.text for barcode in found}
    if not texts:
        raise InvalidInput("There is no QR code in this picture. Take it again, closer and in good light.")
    if len(texts) > 1:
        raise InvalidInput("There are several QR codes in this picture. Cut out the one on the licence.")
    return texts.pop()
