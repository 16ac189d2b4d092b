"""Plain files, which is what our licences are, take a short way; it leads where the long one leads."""

import re
import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from asn1crypto import x509
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from kernel.errors import InvalidInput
from seal.documents.pdf.plain_file import NotPlain, PlainPdf
from seal.documents.pdf.signing import PdfSealRequest, seal_pdf
from seal.documents.positions import PageSize, StampPosition, riding_positions
from seal.validation.report import Indication
from tests.licence_vault.layout.samples import TYPE_FILES, example
from tests.seal.files import Judge
from tests.seal.pdf_samples import minimal_pdf
from tests.seal.pki import NOW, SEAL_NAME, SEAL_PNG, SealPki

PLACE = StampPosition(1, 20, 20, 42, 42)
BOOK = "real-estate-title.json"


def request(pki: SealPki, *positions: StampPosition) -> PdfSealRequest:
    certificates = pki.pdf_signer.certificate.der, pki.p256.issuing.certificate.der
    return PdfSealRequest(pki.pdf_signer.key, certificates, SEAL_PNG, SEAL_NAME, positions, NOW, reason="(签发) \\ <1>")


def everywhere(name: str) -> list[StampPosition]:
    """A whole seal, and one across all pages."""
    pages = [PageSize(page.width, page.height) for page in example(name).document.drawing.pages]
    return [PLACE, *(riding_positions(pages, width_mm=42, height_mm=42) if len(pages) > 1 else ())]


def long_way(pdf: bytes) -> bytes:
    """The same file in a form that is not plain."""
    return pdf + b"\n"


@pytest.mark.parametrize("name", TYPE_FILES)
def test_every_licence_is_plain(name: str) -> None:
    sample = example(name)
    plain = PlainPdf.read(sample.pdf)
    assert [round(page.width / 72 * 25.4, 3) for page in plain.pages] == [
        page.width for page in sample.document.drawing.pages
    ]


@pytest.mark.parametrize("name", TYPE_FILES)
def test_pyhanko_and_we_accept_every_licence_sealed_so(pki: SealPki, name: str) -> None:
    sealed = seal_pdf(example(name).pdf, request(pki, *everywhere(name)))

    reader = PdfFileReader(BytesIO(sealed), strict=True)
    (signature,) = reader.embedded_signatures
    roots = [x509.Certificate.load(pki.p256.root.certificate.der)]
    status = validate_pdf_signature(signature, ValidationContext(trust_roots=roots, allow_fetching=False))
    assert status.bottom_line
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert status.modification_level is ModificationLevel.NONE
    report = Judge(pki, at=NOW).report(sealed)
    assert report.indication is Indication.PASSED
    assert report.signatures[0].covers_whole_document


def test_qpdf_and_poppler_accept_it(pki: SealPki, tmp_path: Path) -> None:
    file = tmp_path / "sealed.pdf"
    file.write_bytes(seal_pdf(example(BOOK).pdf, request(pki, *everywhere(BOOK))))

    checked = subprocess.run(["qpdf", "--check", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    said = subprocess.run(["pdfsig", "-nocert", file], capture_output=True, text=True, check=True).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said


@pytest.mark.parametrize("name", ["food-business.json", BOOK])
def test_it_looks_and_says_the_same_as_the_long_way(pki: SealPki, name: str) -> None:
    pdf, asked = example(name).pdf, request(pki, *everywhere(name))
    short, long = seal_pdf(pdf, asked), seal_pdf(long_way(pdf), asked)

    assert short.startswith(pdf)
    assert len(short) < len(long)
    for mine, theirs in zip(_pictures(short), _pictures(long), strict=True):
        assert ImageChops.difference(mine, theirs).getbbox() is None
    assert _pictures(short)[0].tobytes() != _pictures(pdf)[0].tobytes()
    assert _said(short) == _said(long)


def test_the_next_seal_takes_the_long_way_and_breaks_nothing(pki: SealPki) -> None:
    once = seal_pdf(example(BOOK).pdf, request(pki, *everywhere(BOOK)))
    with pytest.raises(NotPlain):
        PlainPdf.read(once)

    twice = seal_pdf(once, request(pki, replace(PLACE, x_mm=80)))

    assert [each.indication for each in _verdicts(pki, twice)] == [Indication.PASSED] * 2


def test_a_place_off_the_page_is_refused(pki: SealPki) -> None:
    with pytest.raises(InvalidInput):
        seal_pdf(example(BOOK).pdf, request(pki, replace(PLACE, x_mm=2000)))


@pytest.mark.parametrize("pages", [1, 3])
def test_files_of_other_makers_are_not_plain(pages: int) -> None:
    with pytest.raises(NotPlain):
        PlainPdf.read(minimal_pdf(pages=pages))


@given(st.data())
def test_a_changed_byte_leaves_the_file_plain_or_not_and_never_raises_otherwise(data: st.DataObject) -> None:
    pdf = bytearray(example(BOOK).pdf)
    ends = [found.start() for found in re.finditer(rb"/Type/Page|/Type/Catalog|xref|trailer|startxref", pdf)]
    place = min(data.draw(st.sampled_from(ends)) + data.draw(st.integers(-40, 200)), len(pdf) - 1)
    pdf[place] = data.draw(st.integers(0, 255))
    try:
        plain = PlainPdf.read(bytes(pdf))
    except NotPlain:
        return
    assert len(plain.pages) == 4


def _verdicts(pki: SealPki, pdf: bytes) -> list[object]:
    return [each.verdict for each in Judge(pki, at=NOW).report(pdf).signatures]


def _pictures(pdf: bytes) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(pdf)
    document.init_forms()
    return [page.render(scale=1, may_draw_forms=True).to_pil() for page in document]


def _said(pdf: bytes) -> dict[str, object]:
    signature = PdfFileReader(BytesIO(pdf)).embedded_signatures[0].sig_object
    return {key: signature[key] for key in ("/Name", "/Reason", "/SubFilter", "/Filter", "/M", "/Prop_Build")}
