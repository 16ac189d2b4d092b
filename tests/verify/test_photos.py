"""A code is found in what phones and scanners make of a printed licence."""

from collections.abc import Callable
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

from kernel.crypto.private_keys import generate_key
from kernel.errors import InvalidInput
from tests.verify.world import qr_text
from verify.upload.images import read_qr_in_image

TEXT = qr_text(generate_key("ES256"))
Spoil = Callable[[Image.Image], Image.Image]


def printed(text: str = TEXT, others: tuple[str, ...] = ()) -> Image.Image:
    """An A4 page at 150 dots an inch with lines of text, a frame and the code at 40 mm."""
    page = Image.new("L", (1240, 1754), 255)
    draw = ImageDraw.Draw(page)
    draw.rectangle((40, 40, 1200, 1714), outline=120, width=6)
    for row in range(30):
        draw.line((120, 140 + row * 24, 1100 - row * 7 % 90, 140 + row * 24), fill=60, width=5)
    for number, each in enumerate((text, *others)):
        code = zxingcpp.create_barcode(each, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
        picture = Image.fromarray(code.to_image(scale=8)).resize((236, 236), Image.Resampling.LANCZOS)
        page.paste(picture, (900 - 300 * number, 1400))
    return page


def tilted(page: Image.Image) -> Image.Image:
    """Seen from the left: the far edge is a tenth shorter."""
    width, height = page.size
    there = (0, 0, 0, height, width, height * 0.95, width, height * 0.06)
    return page.transform(page.size, Image.Transform.QUAD, there, Image.Resampling.BICUBIC, fillcolor=200)


def as_jpeg(page: Image.Image, quality: int = 60) -> bytes:
    output = BytesIO()
    page.convert("RGB").save(output, "JPEG", quality=quality)
    return output.getvalue()


SPOILT: dict[str, Spoil] = {
    "as printed": lambda page: page,
    "upside down": lambda page: page.rotate(180),
    "turned by 7 degrees": lambda page: page.rotate(7, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC),
    "turned by 33 degrees": lambda page: page.rotate(33, expand=True, fillcolor=90, resample=Image.Resampling.BICUBIC),
    "turned by 90 degrees": lambda page: page.rotate(90, expand=True),
    "a little out of focus": lambda page: page.filter(ImageFilter.GaussianBlur(1.0)),
    "a little from the side": tilted,
    "faint": lambda page: page.point(lambda value: 150 + value // 4),
    "dark": lambda page: page.point(lambda value: value // 4),
    "scanned black and white": lambda page: page.point(lambda value: 255 if value > 128 else 0),
    "photographed large": lambda page: page.resize((page.width * 2, page.height * 2), Image.Resampling.BICUBIC),
}


@pytest.mark.parametrize("how", SPOILT)
def test_the_code_is_found(how: str) -> None:
    assert read_qr_in_image(as_jpeg(SPOILT[how](printed()))) == TEXT


def test_a_picture_that_lies_about_which_way_is_up_is_read() -> None:
    page, output = printed(), BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    page.convert("RGB").save(output, "JPEG", quality=70, exif=exif)
    assert read_qr_in_image(output.getvalue()) == TEXT


def test_codes_of_others_on_the_same_page_do_not_matter() -> None:
    assert read_qr_in_image(as_jpeg(printed(TEXT, ("https://example.cn/pay", "WIFI:S:guest;;")))) == TEXT


def test_two_licences_in_one_picture_are_not_guessed_between() -> None:
    with pytest.raises(InvalidInput, match="several"):
        read_qr_in_image(as_jpeg(printed(TEXT, (qr_text(generate_key("ES256")),))))


def test_a_page_without_a_code_says_what_to_do() -> None:
    with pytest.raises(InvalidInput, match="no QR code"):
        read_qr_in_image(as_jpeg(Image.new("L", (1240, 1754), 255)))
