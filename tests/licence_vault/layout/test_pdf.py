"""The PDF file: sound by qpdf, readable by poppler and PDFium, fonts and data inside, marked as PDF/A-3b."""

import io
import re
import subprocess
from pathlib import Path

import pytest
from lxml import etree
from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader

from tests.licence_vault.layout.reading import rendered
from tests.licence_vault.layout.samples import TYPE_FILES, example, small, small_face


@pytest.mark.parametrize("name", TYPE_FILES)
def test_qpdf_finds_nothing_wrong(name: str, tmp_path: Path) -> None:
    file = tmp_path / "licence.pdf"
    file.write_bytes(example(name).pdf)
    checked = subprocess.run(["qpdf", "--check", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", TYPE_FILES)
def test_poppler_reads_every_value_that_the_face_shows(name: str, tmp_path: Path) -> None:
    sample = example(name)
    file = tmp_path / "licence.pdf"
    file.write_bytes(sample.pdf)
    told = subprocess.run(["pdftotext", "-raw", file, "-"], capture_output=True, text=True, check=True).stdout
    shown = {text.field for text in sample.document.drawing.texts() if text.field}
    assert set(sample.drawn_fields) <= shown
    read = "".join(told.split())
    assert [of for of in sorted(shown) if "".join(sample.values[of].split()) not in read] == []


@pytest.mark.parametrize("name", TYPE_FILES)
def test_every_font_is_embedded_with_its_own_characters_alone(name: str) -> None:
    fonts = PdfFileReader(io.BytesIO(example(name).pdf)).root["/Pages"]["/Kids"][0]["/Resources"]["/Font"]
    assert len(fonts) >= 2
    for key in fonts:
        descriptor = fonts[key]["/DescendantFonts"][0]["/FontDescriptor"]
        assert re.fullmatch(r"/[A-Z]{6}\+LXGWWenKai.*", descriptor["/FontName"])
        assert 1_000 < len(descriptor["/FontFile2"].data) < 200_000
        assert b"beginbfchar" in fonts[key]["/ToUnicode"].data


@pytest.mark.parametrize("name", TYPE_FILES)
def test_it_is_marked_pdf_a_3b_and_carries_the_data(name: str) -> None:
    sample = example(name)
    catalogue = PdfFileReader(io.BytesIO(sample.pdf)).root
    told = metadata(sample.pdf)
    assert (told["part"], told["conformance"]) == ("3", "B")
    assert (told["title"], told["identifier"]) == (sample.document.title, sample.document.metadata["ZZBS"])
    assert catalogue["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    data = catalogue["/AF"][0]
    assert data["/AFRelationship"] == "/Data"
    assert data["/EF"]["/F"].data == sample.document.data_xml
    assert set(catalogue["/Names"]) == {"/EmbeddedFiles"}


def test_markup_in_the_title_stays_text() -> None:
    sample = small("青禾")
    assert metadata(sample.pdf)["title"] == sample.document.title
    assert PdfFileReader(io.BytesIO(sample.pdf)).trailer["/Info"]["/Title"] == sample.document.title


def metadata(pdf: bytes) -> dict[str, str]:
    """What the XMP packet says, by local names."""
    packet = PdfFileReader(io.BytesIO(pdf)).root["/Metadata"].data
    return {
        etree.QName(each).localname: "".join(each.itertext())
        for each in etree.fromstring(packet).iter("{*}*")
        if isinstance(each.tag, str)
    }


@pytest.mark.parametrize(("format", "mode"), [("JPEG", "RGB"), ("JPEG", "L"), ("PNG", "RGB"), ("PNG", "RGBA")])
def test_a_photograph_stands_upright_in_its_place(format: str, mode: str) -> None:
    photo = Image.new("RGB", (30, 40), (200, 30, 30))
    photo.paste((30, 30, 200), (0, 20, 30, 40))
    buffer = io.BytesIO()
    photo.convert(mode).save(buffer, format)
    face = small_face()
    face["pages"][0]["elements"].append({"kind": "image", "of": "fields.photo", "box": [30, 80, 30, 40]})
    page = rendered(small("青禾", face=face, images={"fields.photo": buffer.getvalue()}).pdf, dpi=72)

    def at(x_mm: float, y_mm: float) -> tuple[int, ...]:
        colour = page.getpixel((round(x_mm / 25.4 * 72), round(y_mm / 25.4 * 72)))
        assert isinstance(colour, tuple)
        return colour

    top, bottom = at(45, 85), at(45, 115)
    expected = [
        Image.new("RGB", (1, 1), c).convert(mode).convert("RGB").getpixel((0, 0))
        for c in ((200, 30, 30), (30, 30, 200))
    ]
    for found, wanted in zip((top, bottom), expected, strict=True):
        assert isinstance(wanted, tuple)
        assert all(abs(a - b) < 12 for a, b in zip(found, wanted, strict=True))
    assert at(25, 85) == (255, 255, 255)
