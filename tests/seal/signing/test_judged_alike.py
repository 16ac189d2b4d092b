"""Files sealed in one order with one that was judged whole: nothing passes that is not what the seal makes of them."""

import random
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from kernel.errors import IntegrityError
from seal.client import DocumentToSeal, SealableFormat
from seal.documents.ofd.package import OfdPackage
from seal.documents.ofd.signing import OfdSealRequest, seal_ofd
from seal.documents.pdf.signing import PdfSealRequest, seal_pdf
from seal.documents.positions import StampPosition
from seal.picture.round_seal import RoundSeal, draw_round_seal
from seal.signing.pressing.alike import check_alike
from seal.signing.pressing.order import SealStock
from seal.structures.gbt38540 import SealPicture, make_seal
from tests.houses import AGENCY
from tests.licence_vault.layout.samples import example
from tests.seal.pki import NOW, SEAL_CODE, SealPki, contents
from xinyin.house import DEBIAN_FONTS

PLACES = (StampPosition(1, 200, 130, 42, 42),)


@cache
def stock_and_files() -> tuple[SealStock, dict[SealableFormat, tuple[DocumentToSeal, bytes]]]:
    pki = SealPki()
    picture = draw_round_seal(RoundSeal(AGENCY.name, SEAL_CODE, DEBIAN_FONTS / "LXGWWenKai-Bold.ttf"))
    what = contents((pki.signer,), NOW - timedelta(days=30), NOW + timedelta(days=300))
    what = replace(what, picture=SealPicture("PNG", picture, 42, 42))
    esl = make_seal(what, pki.maker.key, pki.maker.certificate.der)
    chain = (pki.pdf_signer.certificate.der, pki.p256.issuing.certificate.der)
    drawn = example("food-business.json")
    ofd = DocumentToSeal("ofd", drawn.ofd, PLACES, drawn_here=True)
    pdf = DocumentToSeal("pdf", drawn.pdf, PLACES, drawn_here=True)
    sealed_ofd = seal_ofd(ofd.data, OfdSealRequest(esl, pki.signer.key, pki.signer.certificate.der, PLACES, NOW))
    sealed_pdf = seal_pdf(pdf.data, PdfSealRequest(pki.pdf_signer.key, chain, picture, AGENCY.name, PLACES, NOW))
    stock = SealStock("seal", AGENCY.name, esl, pki.signer.certificate.der, chain, picture)
    return stock, {"ofd": (ofd, sealed_ofd), "pdf": (pdf, sealed_pdf)}


@pytest.mark.parametrize("format", ["ofd", "pdf"])
def test_what_the_seal_made_passes(format: SealableFormat) -> None:
    stock, files = stock_and_files()
    check_alike(*files[format], stock)


@pytest.mark.parametrize("format", ["ofd", "pdf"])
def test_a_changed_byte_anywhere_is_found(format: SealableFormat) -> None:
    stock, files = stock_and_files()
    document, sealed = files[format]
    chance = random.Random(20261121)
    for _ in range(120):
        place = chance.randrange(len(sealed))
        changed = bytearray(sealed)
        changed[place] ^= 1 << chance.randrange(8)
        with pytest.raises(IntegrityError):
            check_alike(document, bytes(changed), stock)


@pytest.mark.parametrize("format", ["ofd", "pdf"])
def test_another_seal_is_found(format: SealableFormat) -> None:
    _stock, files = stock_and_files()
    pki = SealPki()
    what = contents((pki.signer,), NOW - timedelta(days=30), NOW + timedelta(days=300))
    esl = make_seal(what, pki.maker.key, pki.maker.certificate.der)
    chain = (pki.pdf_signer.certificate.der, pki.p256.issuing.certificate.der)
    other = SealStock("other", AGENCY.name, esl, pki.signer.certificate.der, chain, b"")
    with pytest.raises(IntegrityError):
        check_alike(*files[format], other)


@pytest.mark.parametrize("format", ["ofd", "pdf"])
def test_a_file_without_a_signature_is_found(format: SealableFormat) -> None:
    stock, files = stock_and_files()
    document, _sealed = files[format]
    with pytest.raises(IntegrityError):
        check_alike(document, document.data, stock)


def test_a_file_that_no_reference_covers_is_found() -> None:
    stock, files = stock_and_files()
    document, sealed = files["ofd"]
    added = OfdPackage.read(sealed).with_files({"Doc_0/Res/more.bin": b"more"}).to_bytes()
    with pytest.raises(IntegrityError):
        check_alike(document, added, stock)


def test_bytes_behind_a_sealed_pdf_are_found() -> None:
    stock, files = stock_and_files()
    document, sealed = files["pdf"]
    with pytest.raises(IntegrityError):
        check_alike(document, sealed + b"\n%more\n", stock)
