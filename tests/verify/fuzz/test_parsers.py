"""Whatever a stranger sends, each parser reads it or refuses it in its own words. `make fuzz` does the same for longer.

Half of what is tried is rubbish, half is genuine with a few bytes bent, cut, doubled or moved: rubbish alone never gets
past the first length field. What once broke a parser stays in `found/`, named by the parser, and is tried every time.
"""

import os
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kernel.crypto.certificates import Certificate, CertificateUnreadable
from kernel.crypto.cose import verify_cose
from kernel.crypto.jose import InvalidToken
from kernel.crypto.public_keys import load_public_key
from kernel.crypto.sd_jwt.presentation import SdJwt, unpack
from kernel.crypto.signatures import InvalidSignature
from kernel.errors import InvalidInput
from licence_vault.ledger.checkpoints import open_checkpoint
from licence_vault.ledger.verification import verify_proof
from seal.documents.ofd.archive import read_archive
from seal.structures.cades import load_cades_signature
from seal.structures.fields import MalformedStructure
from seal.structures.gbt38540 import load_seal, load_seal_signature
from seal.structures.gm_cms import load_signed_data
from seal.validation.report import Indication
from seal.validation.service import validate_document
from tests.seal.pki import NOW
from tests.verify.corpus.log_material import SampleLog
from tests.verify.corpus.material import VALUE, Material
from tests.verify.corpus.pdf_bytes import contents
from tests.verify.corpus.signed_material import SignedMaterial
from verify.credentials.judging import judge_credential
from verify.credentials.reading import read_credential
from verify.qr.reading import read_qr
from verify.status.judging import load_status_list

FOUND = Path(__file__).parent / "found"
EXAMPLES = int(os.environ.get("XINYIN_FUZZ_EXAMPLES", "60"))
MATERIAL, SIGNED, LOG = Material(), SignedMaterial(), SampleLog()
Parser = Callable[[bytes], object]


def cose(data: bytes) -> object:
    return verify_cose(data, lambda _kid: [load_public_key(SIGNED.qr_key.public_spki)])


def sd_jwt(data: bytes) -> object:
    return unpack(SIGNED.claims, SdJwt.parse(text(data)).disclosures, open_claims=frozenset({"iss"}))


def credential(data: bytes) -> object:
    sent = read_credential(data)
    return judge_credential(sent, list(SIGNED.keys["credential_keys"]), NOW) if sent else None


def status(data: bytes) -> object:
    return load_status_list(text(data), list(SIGNED.keys["status_keys"]))


def document(data: bytes) -> object:
    report = validate_document(data, MATERIAL.trust, at=NOW)
    genuine = data in (MATERIAL.ofd, MATERIAL.pdf)
    assert genuine or report.indication is not Indication.PASSED
    return report


def text(data: bytes) -> str:
    return data.decode("utf-8", errors="surrogateescape")


CALM = (InvalidInput, InvalidToken, InvalidSignature, MalformedStructure, CertificateUnreadable)
PARSERS: dict[str, tuple[Parser, bytes]] = {
    "ofd": (document, MATERIAL.ofd),
    "pdf": (document, MATERIAL.pdf),
    "zip": (read_archive, MATERIAL.ofd),
    "seal": (load_seal, MATERIAL.pki.seal),
    "seal-signature": (load_seal_signature, MATERIAL.files[VALUE]),
    "cades": (load_cades_signature, contents(MATERIAL.pdf).rstrip(b"\0")),
    "gm-cms": (load_signed_data, contents(MATERIAL.pdf).rstrip(b"\0")),
    "certificate": (Certificate.load, MATERIAL.pki.signer.certificate.der),
    "public-key": (load_public_key, SIGNED.qr_key.public_spki),
    "cose": (cose, SIGNED.qr_bytes()),
    "sd-jwt": (sd_jwt, SIGNED.shown().encode()),
    "credential": (credential, SIGNED.bound().encode()),
    "status-list": (status, SIGNED.status_token().encode()),
    "proof": (lambda data: verify_proof(text(data), None, LOG.key.spki), LOG.proof.to_tlog_proof().encode()),
    "checkpoint": (lambda data: open_checkpoint(text(data), [LOG.key.spki]), LOG.proof.checkpoint.encode()),
    "qr": (lambda data: read_qr(text(data)), SIGNED.qr().encode()),
}


@st.composite
def bent(draw: st.DrawFn, genuine: bytes) -> bytes:
    """The genuine thing with up to four changes."""
    data = bytearray(genuine)
    for _change in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        length = draw(st.integers(0, 40))
        match draw(st.sampled_from(["set", "cut", "insert", "double", "end", "zero"])):
            case "set" if data:
                data[at] = draw(st.integers(0, 255))
            case "cut":
                del data[at : at + length]
            case "insert":
                data[at:at] = draw(st.binary(max_size=20))
            case "double":
                data[at:at] = data[at : at + length]
            case "end":
                del data[at:]
            case "zero":
                data[at : at + length] = bytes(length)
    return bytes(data)


@pytest.mark.parametrize("name", PARSERS)
def test_it_reads_or_refuses(name: str) -> None:
    parser, genuine = PARSERS[name]
    tried = [each.read_bytes() for each in sorted((FOUND / name).glob("*"))]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(st.binary(max_size=400) | bent(genuine))
    def attempt(data: bytes) -> None:
        try:
            parser(data)
        except CALM:
            return
        except Exception:
            keep(name, data)
            raise

    for data in tried:
        try:
            parser(data)
        except CALM:
            continue
    attempt()


def keep(name: str, data: bytes) -> None:
    """Only `make fuzz` writes: what it finds is to be committed with the mending."""
    if "XINYIN_FUZZ_EXAMPLES" in os.environ:
        (FOUND / name).mkdir(parents=True, exist_ok=True)
        (FOUND / name / f"{zlib.crc32(data):08x}").write_bytes(data)
