"""The QR code of a licence reads from a scan as people make them: askew, out of focus, in black and white."""

import io
from collections.abc import Callable

import pytest
import zxingcpp
from PIL import Image, ImageFilter, ImageOps

from licence_vault.layout.drawing import Box
from licence_vault.layout.parts.qr import QUIET_ZONE, as_png, draw_qr
from tests.licence_vault.layout.reading import rendered
from tests.licence_vault.layout.samples import QR, TYPE_FILES, example

DPI = 150
Scan = Callable[[Image.Image], Image.Image]

SCANS: dict[str, Scan] = {
    "straight": lambda page: page,
    "askew by 7°": lambda page: page.rotate(7, Image.Resampling.BICUBIC, expand=True, fillcolor=(255, 255, 255)),
    "out of focus": lambda page: page.filter(ImageFilter.GaussianBlur(0.9)),
    "black and white": lambda page: page.convert("L").point([0] * 128 + [255] * 128).convert("RGB"),
    "upside down": lambda page: page.rotate(180),
}


@pytest.mark.parametrize("name", TYPE_FILES)
@pytest.mark.parametrize("scan", SCANS.values(), ids=SCANS.keys())
def test_the_code_on_the_page_reads(name: str, scan: Scan) -> None:
    page = scan(rendered(example(name).pdf, dpi=DPI))
    assert [code.text for code in zxingcpp.read_barcodes(page)] == [QR]


def test_the_code_has_its_quiet_zone_inside_its_box() -> None:
    box = Box(10, 20, 36, 36)
    code = draw_qr(QR, box, (0, 0, 0))
    module = code.box.width / code.side
    assert code.box.width == code.box.height == pytest.approx(box.width - 2 * QUIET_ZONE * module)
    assert (code.box.x, code.box.y) == pytest.approx((box.x + QUIET_ZONE * module, box.y + QUIET_ZONE * module))


def test_the_picture_in_the_ofd_reads_and_has_the_colour_of_the_face() -> None:
    image = Image.open(io.BytesIO(as_png(draw_qr(QR, Box(0, 0, 36, 36), (20, 30, 90))))).convert("RGB")
    assert [code.text for code in zxingcpp.read_barcodes(ImageOps.expand(image, 40, (255, 255, 255)))] == [QR]
    assert {colour for _count, colour in image.getcolors() or []} == {(20, 30, 90), (255, 255, 255)}


def test_upper_case_keeps_the_code_small() -> None:
    assert draw_qr(QR, Box(0, 0, 36, 36), (0, 0, 0)).side < draw_qr(QR.lower(), Box(0, 0, 36, 36), (0, 0, 0)).side
