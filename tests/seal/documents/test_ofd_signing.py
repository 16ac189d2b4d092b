"""Sealing an OFD: what is written, where, in which order, and what is refused."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from kernel.crypto.sm3 import sm3
from kernel.errors import Conflict, InvalidInput
from seal.documents.ofd.document import load_document
from seal.documents.ofd.package import OfdPackage
from seal.documents.ofd.signature_file import load_signature_file
from seal.documents.ofd.signing import OfdSealRequest, seal_ofd
from seal.documents.positions import PageSize, StampPosition, riding_positions
from seal.structures.gbt38540 import load_seal_signature
from tests.seal.documents.shapes import faults
from tests.seal.ofd_samples import minimal_files, zipped
from tests.seal.openssl import verifies_sm2
from tests.seal.pki import NOW, SealPki

PLACE = StampPosition(1, 120, 200, 42, 42)


def request(pki: SealPki, positions: Sequence[StampPosition] = (PLACE,)) -> OfdSealRequest:
    return OfdSealRequest(pki.seal, pki.signer.key, pki.signer.certificate.der, positions, NOW)


def sealed_package(pki: SealPki, ofd: bytes, positions: Sequence[StampPosition] = (PLACE,)) -> OfdPackage:
    return OfdPackage.read(seal_ofd(ofd, request(pki, positions)))


def test_every_file_is_protected_but_the_signatures_own(pki: SealPki, ofd: bytes) -> None:
    package = sealed_package(pki, ofd)
    description = load_signature_file(package, "Doc_0/Signs/Sign_0/Signature.xml")

    protected = {reference.location for reference in description.references}

    assert {f"/{name}" for name in package.files} - protected == {
        "/Doc_0/Signs/Signatures.xml",
        "/Doc_0/Signs/Sign_0/Signature.xml",
        "/Doc_0/Signs/Sign_0/SignedValue.dat",
    }
    for reference in description.references:
        assert reference.digest == sm3(package.files[reference.location.lstrip("/")])


def test_the_document_itself_is_left_as_it_was(pki: SealPki, ofd: bytes) -> None:
    before, after = OfdPackage.read(ofd), sealed_package(pki, ofd)

    changed = {name for name, content in before.files.items() if after.files[name] != content}

    assert changed == {"OFD.xml"}
    assert b"<ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures></ofd:DocBody>" in after.files["OFD.xml"]


def test_openssl_accepts_the_signature_and_it_names_the_description(pki: SealPki, ofd: bytes, tmp_path: Path) -> None:
    package = sealed_package(pki, ofd)

    signature = load_seal_signature(package.files["Doc_0/Signs/Sign_0/SignedValue.dat"])

    assert signature.data_hash == sm3(package.files["Doc_0/Signs/Sign_0/Signature.xml"])
    assert signature.property_info == "/Doc_0/Signs/Sign_0/Signature.xml"
    assert signature.seal.encoded == package.files["Doc_0/Signs/Sign_0/Seal.esl"] == pki.seal
    assert verifies_sm2(
        tmp_path, spki=pki.signer.certificate.spki, signature=signature.signature, data=signature.signed_bytes
    )


@pytest.mark.parametrize("times", [1, 2, 3])
def test_what_is_written_has_the_shape_of_annex_a(pki: SealPki, ofd: bytes, times: int) -> None:
    for _ in range(times):
        ofd = seal_ofd(ofd, request(pki))
    package = OfdPackage.read(ofd)
    written = [name for name in package.files if "Sign" in name and name.endswith(".xml")]

    assert len(written) == 1 + times
    assert {name: faults(package.files[name]) for name in ["OFD.xml", *written]} == {
        name: [] for name in ["OFD.xml", *written]
    }


def test_identifiers_are_unique_and_begin_with_a_letter(pki: SealPki, ofd: bytes) -> None:
    package = OfdPackage.read(seal_ofd(seal_ofd(ofd, request(pki)), request(pki)))

    identifiers = [entry.id for entry in load_document(package).signatures]

    assert identifiers == ["s001", "s002"]


def test_a_second_seal_covers_the_first(pki: SealPki, ofd: bytes) -> None:
    package = OfdPackage.read(seal_ofd(seal_ofd(ofd, request(pki)), request(pki)))

    second = load_signature_file(package, "Doc_0/Signs/Sign_1/Signature.xml")

    first = {f"/Doc_0/Signs/Sign_0/{name}" for name in ("Signature.xml", "SignedValue.dat", "Seal.esl")}
    assert first <= {reference.location for reference in second.references}


def test_stamps_stand_where_they_were_placed(pki: SealPki, ofd: bytes) -> None:
    pages = [PageSize(210, 297)] * 2
    positions = [StampPosition(2, 10.5, 20.25, 42, 42), *riding_positions(pages, width_mm=42, height_mm=42)]

    description = load_signature_file(sealed_package(pki, ofd, positions), "Doc_0/Signs/Sign_0/Signature.xml")

    assert [(stamp.page_id, stamp.boundary, stamp.clip) for stamp in description.stamps] == [
        ("11", "10.5 20.25 42 42", None),
        ("10", "189 127.5 42 42", "0 0 21 42"),
        ("11", "168 127.5 42 42", "21 0 21 42"),
    ]


def test_sealing_without_a_stamp_is_possible(pki: SealPki, ofd: bytes) -> None:
    assert load_signature_file(sealed_package(pki, ofd, []), "Doc_0/Signs/Sign_0/Signature.xml").stamps == ()


def test_time_is_written_in_utc(pki: SealPki, ofd: bytes) -> None:
    package = sealed_package(pki, ofd)

    assert load_signature_file(package, "Doc_0/Signs/Sign_0/Signature.xml").signed_at == "20261121100000Z"


@pytest.mark.parametrize(
    "place",
    [
        StampPosition(3, 0, 0, 42, 42),
        StampPosition(0, 0, 0, 42, 42),
        StampPosition(1, 180, 0, 42, 42),
        StampPosition(1, -1, 0, 42, 42),
        StampPosition(1, 0, 260, 42, 42),
        StampPosition(1, 0, 0, 0, 42),
    ],
)
def test_places_off_the_page_are_refused(pki: SealPki, ofd: bytes, place: StampPosition) -> None:
    with pytest.raises(InvalidInput):
        seal_ofd(ofd, request(pki, [place]))


def test_a_signer_that_the_seal_does_not_list_is_refused(pki: SealPki, ofd: bytes) -> None:
    other = pki.sm2.issue("another signer")

    with pytest.raises(Conflict, match="does not list"):
        seal_ofd(ofd, replace(request(pki), signer=other.key, certificate=other.certificate.der))


def test_a_document_closed_by_an_earlier_signature_is_refused(pki: SealPki, ofd: bytes) -> None:
    package = sealed_package(pki, ofd)
    name = "Doc_0/Signs/Sign_0/Signature.xml"
    root = etree.fromstring(package.files[name])
    references = root.find(".//{*}References")
    assert references is not None
    closing = etree.SubElement(references, references[0].tag, FileRef="/Doc_0/Signs/Signatures.xml")
    etree.SubElement(closing, references[0][0].tag).text = "AAAA"

    with pytest.raises(Conflict, match="closed"):
        seal_ofd(package.with_files({name: etree.tostring(root)}).to_bytes(), request(pki))


def test_a_document_in_the_root_folder_is_sealed(pki: SealPki) -> None:
    files = {name.removeprefix("Doc_0/"): content for name, content in minimal_files().items()}
    files["OFD.xml"] = files["OFD.xml"].replace(b"Doc_0/Document.xml", b"Document.xml")

    package = OfdPackage.read(seal_ofd(zipped(files), request(pki)))

    assert "Signs/Sign_0/SignedValue.dat" in package.files


def test_the_same_request_changes_nothing_but_the_signature(pki: SealPki, ofd: bytes) -> None:
    first, second = sealed_package(pki, ofd), sealed_package(pki, ofd)

    assert {name for name in first.files if first.files[name] != second.files[name]} == {
        "Doc_0/Signs/Sign_0/SignedValue.dat"
    }


def test_seals_beyond_their_period_still_sign_and_are_judged_later(pki: SealPki, ofd: bytes) -> None:
    late = replace(request(pki), signed_at=NOW + timedelta(days=5000))

    assert OfdPackage.read(seal_ofd(ofd, late)).files
