"""Sealing a PDF, judged by poppler and qpdf."""

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest

from kernel.errors import Conflict, InvalidInput
from seal.documents.pages import page_sizes
from seal.documents.pdf.geometry import PageFrame
from seal.documents.pdf.reading import UnreadablePdf
from seal.documents.pdf.signing import PdfSealRequest, seal_pdf
from seal.documents.positions import PageSize, StampPosition, riding_positions
from seal.picture.round_seal import RoundSeal, draw_round_seal
from tests.seal.fonts import KAI_BOLD
from tests.seal.pdf_samples import minimal_pdf
from tests.seal.pki import NOW, SEAL_CODE, SEAL_NAME, TINY_PNG, SealPki

PLACE = StampPosition(1, 120, 150, 42, 42)


def request(pki: SealPki, positions: Sequence[StampPosition] = (PLACE,), picture: bytes = TINY_PNG) -> PdfSealRequest:
    certificates = pki.pdf_signer.certificate.der, pki.p256.issuing.certificate.der
    return PdfSealRequest(pki.pdf_signer.key, certificates, picture, SEAL_NAME, positions, NOW)


def pdfsig(path: Path) -> str:
    return subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, check=True).stdout


def red_share(pdf: bytes, page: int, place: StampPosition) -> float:
    """How much of a rectangle (as seen) is red."""
    opened = pypdfium2.PdfDocument(pdf)
    opened.init_forms()
    scale = 4.0
    picture = opened[page - 1].render(scale=scale, may_draw_forms=True).to_pil().convert("RGB")
    dots = scale * 72 / 25.4
    box = (place.x_mm, place.y_mm, place.x_mm + place.width_mm, place.y_mm + place.height_mm)
    pixels = list(picture.crop(tuple(round(edge * dots) for edge in box)).get_flattened_data())
    return sum(red > 180 and green < 120 for red, green, _blue in pixels) / len(pixels)


@pytest.fixture(scope="module")
def picture() -> bytes:
    return draw_round_seal(RoundSeal(SEAL_NAME, SEAL_CODE, KAI_BOLD))


def test_poppler_and_qpdf_accept_the_file(pki: SealPki, tmp_path: Path) -> None:
    path = tmp_path / "sealed.pdf"
    path.write_bytes(seal_pdf(minimal_pdf(), replace(request(pki), reason="颁发", location="示例市")))

    verdict = pdfsig(path)

    assert "Signature is Valid" in verdict
    assert "Total document signed" in verdict
    assert "ETSI.CAdES.detached" in verdict
    assert SEAL_CODE in verdict
    subprocess.run(["qpdf", "--check", path], check=True, capture_output=True)


def test_a_second_seal_leaves_the_first_valid(pki: SealPki, tmp_path: Path) -> None:
    path = tmp_path / "sealed.pdf"
    first = seal_pdf(minimal_pdf(pages=2), request(pki))
    path.write_bytes(seal_pdf(first, request(pki, [StampPosition(2, 20, 20, 42, 42)])))

    verdict = pdfsig(path)

    assert verdict.count("Signature is Valid") == 2
    assert path.read_bytes().startswith(first)
    subprocess.run(["qpdf", "--check", path], check=True, capture_output=True)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_the_seal_is_seen_where_it_was_placed_on_turned_pages_too(pki: SealPki, picture: bytes, rotation: int) -> None:
    pdf = minimal_pdf(rotation=rotation)
    sealed = seal_pdf(pdf, request(pki, picture=picture))
    star = StampPosition(1, PLACE.x_mm + 18, PLACE.y_mm + 19, 6, 4)

    assert red_share(pdf, 1, PLACE) == 0
    assert 0.1 < red_share(sealed, 1, PLACE) < 0.4
    assert red_share(sealed, 1, star) > 0.9


def test_a_riding_seal_shows_one_slice_on_each_page(pki: SealPki, picture: bytes) -> None:
    slices = riding_positions([PageSize(210, 297)] * 3, width_mm=42, height_mm=42)

    sealed = seal_pdf(minimal_pdf(pages=3), request(pki, slices, picture))

    for page in (1, 2, 3):
        assert 0.1 < red_share(sealed, page, StampPosition(page, 196, 127.5, 14, 42)) < 0.5
        assert red_share(sealed, page, StampPosition(page, 100, 100, 95, 100)) == 0


def test_riding_slices_stand_whole_on_their_pages_when_the_page_operators_turn_the_ground(
    pki: SealPki, picture: bytes
) -> None:
    crooked = minimal_pdf(pages=2, before_text="0.5 0 0 0.5 9 9 cm ")
    slices = riding_positions([PageSize(210, 297)] * 2, width_mm=42, height_mm=42)

    sealed = seal_pdf(crooked, request(pki, slices, picture))

    assert 0.1 < red_share(sealed, 1, StampPosition(1, 189, 127.5, 21, 42)) < 0.5


def test_a_signed_document_takes_no_drawing(pki: SealPki) -> None:
    first = seal_pdf(minimal_pdf(pages=2), request(pki))
    slices = riding_positions([PageSize(210, 297)] * 2, width_mm=42, height_mm=42)

    with pytest.raises(Conflict, match="signed already"):
        seal_pdf(first, request(pki, slices))


def test_an_invisible_signature_is_possible(pki: SealPki, tmp_path: Path) -> None:
    path = tmp_path / "sealed.pdf"
    path.write_bytes(seal_pdf(minimal_pdf(), request(pki, [])))

    assert "Signature is Valid" in pdfsig(path)


@pytest.mark.parametrize("place", [StampPosition(2, 0, 0, 42, 42), StampPosition(1, 190, 0, 42, 42)])
def test_places_off_the_page_are_refused(pki: SealPki, place: StampPosition) -> None:
    with pytest.raises(InvalidInput):
        seal_pdf(minimal_pdf(), request(pki, [place]))


@pytest.mark.parametrize(
    "pdf",
    [b"", b"%PDF-1.7\n", b"no pdf", minimal_pdf()[:400], minimal_pdf().replace(b"/Pages", b"/Pagez")],
    ids=["empty", "header alone", "other", "cut", "no pages"],
)
def test_unreadable_files_are_refused(pki: SealPki, pdf: bytes) -> None:
    with pytest.raises(UnreadablePdf):
        seal_pdf(pdf, request(pki))


def test_an_encrypted_file_is_refused(pki: SealPki, tmp_path: Path) -> None:
    plain, locked = tmp_path / "plain.pdf", tmp_path / "locked.pdf"
    plain.write_bytes(minimal_pdf())
    subprocess.run(["qpdf", "--encrypt", "", "owner", "256", "--", plain, locked], check=True)

    with pytest.raises(UnreadablePdf, match="encrypted"):
        seal_pdf(locked.read_bytes(), request(pki))


@pytest.mark.parametrize("picture", [b"", b"GIF89a", TINY_PNG[:40]])
def test_a_broken_picture_is_refused(pki: SealPki, picture: bytes) -> None:
    with pytest.raises(InvalidInput, match="picture"):
        seal_pdf(minimal_pdf(), request(pki, picture=picture))


def test_files_with_cross_reference_streams_are_sealed(pki: SealPki, tmp_path: Path) -> None:
    plain, packed, sealed = (tmp_path / name for name in ("plain.pdf", "packed.pdf", "sealed.pdf"))
    plain.write_bytes(minimal_pdf())
    subprocess.run(["qpdf", "--object-streams=generate", plain, packed], check=True)

    sealed.write_bytes(seal_pdf(packed.read_bytes(), request(pki)))

    assert "Signature is Valid" in pdfsig(sealed)
    subprocess.run(["qpdf", "--check", sealed], check=True, capture_output=True)


def test_pages_are_measured_as_they_are_seen() -> None:
    a4 = pytest.approx((210, 297), abs=0.1)

    assert [(size.width_mm, size.height_mm) for size in page_sizes(minimal_pdf(pages=2), "pdf")] == [a4, a4]
    turned = page_sizes(minimal_pdf(rotation=90), "pdf")[0]
    assert (turned.height_mm, turned.width_mm) == a4
    assert PageFrame(0, 0, 72, 144, user_unit=2).size == PageSize(pytest.approx(50.8), pytest.approx(101.6))
