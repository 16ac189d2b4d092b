"""The OFD of a licence, drawn by our own renderer, looks like its PDF twin drawn by PDFium."""

import io

import numpy
import pytest
from PIL import Image

from seal.documents.ofd.rendering.page import render_page
from seal.documents.raster import pdf_page_image
from tests.licence_vault.layout.samples import TYPE_FILES, example, redrawn

DPI = 72


def ink(image: Image.Image) -> numpy.ndarray:
    """Darkness by pixel."""
    return 255.0 - numpy.asarray(image.convert("L"), dtype=float)


def likeness(ofd: bytes, pdf: bytes) -> float:
    """The correlation of the two first pages, pixel by pixel: 1 for the same picture."""
    ours = Image.open(io.BytesIO(render_page(ofd, 1, DPI)))
    theirs = pdf_page_image(pdf, scale=DPI / 72).resize(ours.size)
    return float(numpy.corrcoef(ink(ours).ravel(), ink(theirs).ravel())[0, 1])


@pytest.mark.parametrize("name", TYPE_FILES)
def test_both_files_of_a_licence_look_the_same(name: str) -> None:
    sample = example(name)

    assert likeness(sample.ofd, sample.pdf) > 0.95


def test_the_comparison_notices_another_licence() -> None:
    first, second = example(TYPE_FILES[0]), example(TYPE_FILES[1])

    assert likeness(first.ofd, second.pdf) < 0.9


def test_a_page_drawn_twice_is_the_same_picture() -> None:
    ofd = redrawn(example(TYPE_FILES[0])).ofd

    assert render_page(ofd, 1, DPI) == render_page(ofd, 1, DPI)
