"""One changed byte, a cut, or rubbish: the verdict is never "passed", and there is always a verdict."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seal.documents.ofd.archive import read_archive, write_archive
from seal.validation.report import Indication
from seal.validation.service import validate_document
from seal.validation.trust import TrustStore
from tests.seal.files import Judge, sealed_ofd, sealed_pdf
from tests.seal.ofd_samples import minimal_ofd, zipped
from tests.seal.pdf_samples import minimal_pdf
from tests.seal.pki import NOW, SealPki

WITHOUT_TRUST = TrustStore()


@pytest.fixture(scope="module")
def ofd_file(pki: SealPki) -> bytes:
    return sealed_ofd(pki, minimal_ofd())


@pytest.fixture(scope="module")
def pdf_file(pki: SealPki) -> bytes:
    return sealed_pdf(pki, minimal_pdf())


def flipped(data: bytes, position: int, mask: int) -> bytes:
    changed = bytearray(data)
    changed[position] ^= mask
    return bytes(changed)


def test_every_byte_of_a_sealed_ofd_counts(pki: SealPki, ofd_file: bytes) -> None:
    judge = Judge(pki)
    assert judge.report(ofd_file).indication is Indication.PASSED

    passed = [
        position
        for position in range(len(ofd_file))
        if judge.report(flipped(ofd_file, position, 0x01)).indication is Indication.PASSED
    ]

    assert passed == []


@pytest.mark.parametrize("pack", [write_archive, zipped], ids=["our archive", "another archive"])
def test_every_file_counts_though_checksums_are_mended(
    pki: SealPki, ofd_file: bytes, pack: Callable[[dict[str, bytes]], bytes]
) -> None:
    judge, files = Judge(pki), read_archive(ofd_file)
    draw = random.Random(2026)

    passed = []
    for name, content in files.items():
        for position in draw.sample(range(len(content)), 25):
            changed = pack({**files, name: flipped(content, position, 1 << draw.randrange(8))})
            if judge.report(changed).indication is Indication.PASSED:
                passed.append((name, position))

    assert passed == []


def test_bytes_all_over_a_sealed_pdf_count(pki: SealPki, pdf_file: bytes) -> None:
    judge = Judge(pki)
    assert judge.report(pdf_file).indication is Indication.PASSED
    gap = pdf_file.index(b"/Contents <") + len(b"/Contents <")
    signature_end = pdf_file.index(b"0" * 200, gap)
    draw = random.Random(2026)
    positions = [*range(gap, signature_end, 5), *draw.sample(range(len(pdf_file)), 400)]

    passed = [
        position
        for position in positions
        if judge.report(flipped(pdf_file, position, draw.choice((0x01, 0x20)))).indication is Indication.PASSED
    ]

    assert passed == []


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.9999])
def test_a_cut_file_is_never_passed(pki: SealPki, ofd_file: bytes, pdf_file: bytes, share: float) -> None:
    for data in (ofd_file, pdf_file):
        report = Judge(pki).report(data[: int(len(data) * share)])
        assert report.indication is not Indication.PASSED
        assert report.sub_indication in ("FORMAT_FAILURE", "NO_SIGNATURE")


@given(st.binary(max_size=500), st.sampled_from([b"", b"PK\x03\x04", b"%PDF-1.7\n", b"PK\x05\x06"]))
def test_rubbish_gets_a_verdict(data: bytes, prefix: bytes) -> None:
    report = validate_document(prefix + data, WITHOUT_TRUST, at=NOW)

    assert report.indication is Indication.INDETERMINATE
    assert report.to_dict()["sub_indication"] in ("FORMAT_FAILURE", "NO_SIGNATURE")


@given(data=st.data())
def test_damage_anywhere_gets_a_verdict(pki: SealPki, ofd_file: bytes, pdf_file: bytes, data: st.DataObject) -> None:
    original = data.draw(st.sampled_from([ofd_file, pdf_file]))
    start = data.draw(st.integers(0, len(original) - 1))
    length = data.draw(st.integers(1, 40))
    changed = original[:start] + data.draw(st.binary(max_size=40)) + original[start + length :]
    if changed != original:
        assert Judge(pki).report(changed).indication is not Indication.PASSED


def test_a_file_of_another_kind_is_said_to_be_one() -> None:
    report = validate_document(b"\x89PNG\r\n\x1a\n", WITHOUT_TRUST, at=NOW)

    assert (report.document.format, report.sub_indication) == ("unknown", "FORMAT_FAILURE")
    assert report.checks[0].detail == "The file is neither a PDF nor an OFD."
