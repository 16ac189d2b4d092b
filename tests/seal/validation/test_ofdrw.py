"""Files sealed by ofdrw, the Java implementation that most makers build on."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kernel.errors import Conflict
from seal.documents.ofd.archive import read_archive
from seal.documents.ofd.signing import OfdSealRequest, seal_ofd
from seal.validation.report import Indication
from seal.validation.service import validate_document
from seal.validation.trust import TrustStore
from tests.seal.files import PLACE
from tests.seal.ofd_samples import zipped
from tests.seal.pki import NOW, SealPki

FILES = Path(__file__).parents[2] / "vectors/seal/ofdrw"
AFTERWARDS = datetime(2026, 11, 22, tzinfo=UTC)
SEALED = ["ses-v4", "ses-v4-whole", "ses-v1", "gbt35275-plain", "gbt35275-attributes"]


@pytest.fixture
def trust() -> TrustStore:
    root, issuing = ((FILES / name).read_bytes() for name in ("root.cer", "issuing.cer"))
    return TrustStore.of(root, intermediates=(issuing,))


@pytest.mark.parametrize("name", SEALED)
def test_they_pass(trust: TrustStore, name: str) -> None:
    report = validate_document((FILES / f"{name}.ofd").read_bytes(), trust, at=AFTERWARDS)
    (signature,) = report.signatures

    assert report.indication is Indication.PASSED
    assert signature.covers_whole_document
    assert signature.kind == ("SES" if name.startswith("ses") else "GM-CMS")
    assert (signature.time.value is None) == (name == "gbt35275-plain")


@pytest.mark.parametrize("name", SEALED)
def test_a_changed_page_is_named(trust: TrustStore, name: str) -> None:
    files = dict(read_archive((FILES / f"{name}.ofd").read_bytes()))
    page = "Doc_0/Pages/Page_0/Content.xml"
    files[page] = files[page].replace("营业执照".encode(), "开户许可".encode())

    report = validate_document(zipped(files), trust, at=AFTERWARDS)

    assert (report.indication.value, report.sub_indication) == ("TOTAL-FAILED", "HASH_FAILURE")
    assert page in str(report.to_dict())


@pytest.mark.parametrize("name", ["ses-v4", "ses-v1", "gbt35275-plain"])
def test_our_seal_beside_theirs_leaves_theirs_valid(trust: TrustStore, pki: SealPki, name: str) -> None:
    ours = OfdSealRequest(pki.seal, pki.signer.key, pki.signer.certificate.der, [PLACE], NOW)
    sealed = seal_ofd((FILES / f"{name}.ofd").read_bytes(), ours)
    both = TrustStore.of(
        *(anchor.der for anchor in trust.anchors),
        pki.sm2.root.certificate.der,
        intermediates=(trust.intermediates[0].der, pki.sm2.issuing.certificate.der),
    )

    report = validate_document(sealed, both, at=AFTERWARDS)

    assert report.indication is Indication.PASSED
    assert [signature.covers_whole_document for signature in report.signatures] == [False, True]


def test_a_document_that_theirs_closed_takes_no_more(pki: SealPki) -> None:
    ours = OfdSealRequest(pki.seal, pki.signer.key, pki.signer.certificate.der, [PLACE], NOW)

    with pytest.raises(Conflict, match="closed"):
        seal_ofd((FILES / "ses-v4-whole.ofd").read_bytes(), ours)
