"""The QR code of a licence reads from a scan as people make them: askew, out of focus, in black and white."""

from collections.abc import Callable

import pytest
import zxingcpp
from PIL import Image, ImageFilter

from licence_vault.layout.drawing import Box
from licence_vault.layout.parts.qr import QUIET_ZONE, draw_qr, qr_matrix
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
    path = draw_qr(QR, box, (0, 0, 0))
    module = box.width / (len(qr_matrix(QR)) + 2 * QUIET_ZONE)
    corners = [(segment[1], segment[2]) for segment in path.segments if segment[0] in "ML"]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    assert min(xs) == pytest.approx(box.x + QUIET_ZONE * module)
    assert max(xs) == pytest.approx(box.x + box.width - QUIET_ZONE * module)
    assert min(ys) == pytest.approx(box.y + QUIET_ZONE * module)
    assert max(ys) == pytest.approx(box.y + box.height - QUIET_ZONE * module)


def test_upper_case_keeps_the_code_small() -> None:
    assert len(qr_matrix(QR)) < len(qr_matrix(QR.lower()))
