"""What a PDF carries for its own verification, and the time stamps over all of it (EN 319 142-1 §5.4)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from kernel.crypto.certificates import Certificate, CertificateUnreadable
from kernel.crypto.revocation.crl import Crl, CrlUnreadable
from kernel.crypto.revocation.ocsp import OcspResponse, OcspUnreadable
from seal.validation.pades.container import read_container
from seal.validation.report import Check, SubIndication, failed
from seal.validation.time_stamps import Stamped, judge_stamp
from seal.validation.trust import TrustStore

DOCUMENT_STAMP = "Document time stamp"

MOST_ITEMS = 128
MOST_BYTES = 8 * 1024 * 1024
"""Evidence in great numbers or of great size must not buy endless work."""

T = TypeVar("T")


@dataclass(frozen=True)
class DocumentStamp:
    """A document time stamp: everything before byte `end` existed at `proven_at`, unless that is None."""

    end: int
    proven_at: datetime | None
    checks: Sequence[Check]


def with_evidence(reader: Any, trust: TrustStore) -> TrustStore:
    """The trust together with the document security store; what cannot be read there helps nobody and harms nobody."""
    root = reader.root
    if "/DSS" not in root:
        return trust
    store = root["/DSS"]
    return trust.with_evidence(
        certificates=_loaded(store, "/Certs", Certificate.load, CertificateUnreadable),
        crls=_loaded(store, "/CRLs", Crl.load, CrlUnreadable),
        ocsp_responses=_loaded(store, "/OCSPs", OcspResponse.load, OcspUnreadable),
    )


def judge_document_stamps(reader: Any, data: bytes, trust: TrustStore, at: datetime) -> list[DocumentStamp]:
    """Every document time stamp, in the order of the file. Each is judged as of the next later one that holds."""
    judged: list[DocumentStamp] = []
    for embedded in reversed(list(reader.embedded_timestamp_signatures)):
        stamp = _judge(embedded, data, trust, at)
        judged.append(stamp)
        at = stamp.proven_at or at
    return judged[::-1]


def earliest_proof(stamps: Sequence[DocumentStamp], end: int) -> datetime | None:
    """When what ends at byte `end` is first proven to have existed."""
    return min((each.proven_at for each in stamps if each.end >= end and each.proven_at is not None), default=None)


def _judge(embedded: Any, data: bytes, trust: TrustStore, at: datetime) -> DocumentStamp:
    container = read_container(embedded, data)
    if not container.is_sound:
        check = failed(DOCUMENT_STAMP, SubIndication.FORMAT_FAILURE, "The time stamp cannot be read.")
        return DocumentStamp(container.end, None, (check,))
    stamped = Stamped(container.content, (b"".join(container.covered),), None)
    checks, proven_at = judge_stamp(stamped, trust, at, DOCUMENT_STAMP)
    return DocumentStamp(container.end, proven_at, checks)


def _loaded(store: Any, key: str, load: Callable[[bytes], T], unreadable: type[Exception]) -> list[T]:
    found: list[T] = []
    left = MOST_BYTES
    for encoded in _streams(store, key):
        left -= len(encoded)
        if left < 0:
            break
        try:
            found.append(load(encoded))
        except unreadable:
            continue
    return found


def _streams(store: Any, key: str) -> Iterable[bytes]:
    listed = store.get(key, ())
    for number in range(min(len(listed), MOST_ITEMS)):
        yield bytes(listed[number].data)
