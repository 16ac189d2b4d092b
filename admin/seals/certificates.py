"""The certificates behind a seal, in the few words that somebody responsible for it wants to read."""

from dataclasses import dataclass
from datetime import datetime

from kernel.crypto.certificates import Certificate
from kernel.errors import InvalidInput
from seal.seals.seal import Seal

PURPOSE_NAMES = {"ofd": "Signs OFD (SM2)", "pdf": "Signs PDF"}


@dataclass(frozen=True)
class CertificateFacts:
    """What one certificate is for (a msgid), whose, by whom, until when; the serial number in hex."""

    purpose: str
    subject: str
    issuer: str
    serial: str
    not_after: datetime


def facts_of(seal: Seal) -> list[CertificateFacts]:
    """Those that the seal has; none before it is made."""
    listed = {"ofd": seal.sm2_certificate, "pdf": seal.p256_certificate}
    return [facts for use, der in listed.items() if der and (facts := _facts(PURPOSE_NAMES[use], der))]


def _facts(purpose: str, der: bytes) -> CertificateFacts | None:
    try:
        certificate = Certificate.load(der)
    except InvalidInput:
        return None
    return CertificateFacts(
        purpose=purpose,
        subject=certificate.subject_value("CN") or "",
        issuer=certificate.issuer.value("CN") or "",
        serial=f"{certificate.serial:x}",
        not_after=certificate.not_after,
    )
