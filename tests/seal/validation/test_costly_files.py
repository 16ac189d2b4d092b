"""A small file must not buy long work: whoever checks is asked by strangers."""

import os
import time

import pytest

from seal.documents.ofd.markup import LARGEST_XML
from seal.validation.report import Indication, SubIndication
from seal.validation.service import validate_document
from seal.validation.trust import TrustStore
from tests.seal.ofd_samples import NAMESPACE, minimal_files, zipped
from tests.seal.pki import NOW

NO_TRUST = TrustStore()
REFERENCE = '<ofd:Reference FileRef="/OFD.xml"><ofd:CheckValue>AAAA</ofd:CheckValue></ofd:Reference>'
LIMIT_SECONDS = 5.0
"""Before there were limits the first of these files took minutes."""


def with_signatures(references: int, signatures: int) -> bytes:
    """An OFD whose list names one large description many times, padded so that it inflates to nothing unusual."""
    files = minimal_files()
    files["OFD.xml"] = files["OFD.xml"].replace(
        b"</ofd:DocBody>", b"<ofd:Signatures>Doc_0/Signs/Signatures.xml</ofd:Signatures></ofd:DocBody>"
    )
    listed = "".join(
        f'<ofd:Signature ID="{number}" Type="Seal" BaseLoc="/Sign/Signature.xml"/>' for number in range(signatures)
    )
    files["Doc_0/Signs/Signatures.xml"] = f'<ofd:Signatures xmlns:ofd="{NAMESPACE}">{listed}</ofd:Signatures>'.encode()
    files["Sign/Signature.xml"] = (
        f'<ofd:Signature xmlns:ofd="{NAMESPACE}"><ofd:SignedInfo><ofd:References>{REFERENCE * references}'
        "</ofd:References></ofd:SignedInfo><ofd:SignedValue>/OFD.xml</ofd:SignedValue></ofd:Signature>"
    ).encode()
    files["pad.bin"] = os.urandom(sum(map(len, files.values())) // 100)
    return zipped(files)


@pytest.mark.parametrize(("references", "signatures"), [(100_000, 64), (11_000, 64), (4096, 64), (200, 64)])
def test_many_references_are_refused_quickly(references: int, signatures: int) -> None:
    data = with_signatures(references, signatures)
    started = time.process_time()
    report = validate_document(data, NO_TRUST, at=NOW)
    assert time.process_time() - started < LIMIT_SECONDS
    assert report.indication is not Indication.PASSED


def test_a_huge_file_of_markup_is_not_opened() -> None:
    files = minimal_files()
    elements = LARGEST_XML // len("<a/>")
    files["OFD.xml"] = files["OFD.xml"].replace(b"</ofd:OFD>", b"<a/>" * elements + b"</ofd:OFD>")
    files["pad.bin"] = os.urandom(len(files["OFD.xml"]) // 100)
    report = validate_document(zipped(files), NO_TRUST, at=NOW)
    assert report.checks[0].sub_indication is SubIndication.FORMAT_FAILURE
