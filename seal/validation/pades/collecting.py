"""Gathering, while it is at hand, what checking a signature will need later (EN 319 142-1 §5.4.2)."""

from collections.abc import Iterable
from datetime import datetime
from io import BytesIO
from itertools import pairwise
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader

from kernel.crypto.certificates import Certificate, verify_chain
from kernel.crypto.timestamps.digests import digest
from kernel.crypto.timestamps.token import TimestampToken
from kernel.crypto.timestamps.verification import verify_timestamp
from seal.documents.pdf.levels import Evidence
from seal.structures.cades import CadesSignature, load_cades_signature
from seal.validation.certificates import readable_certificates
from seal.validation.pades.container import read_container
from seal.validation.trust import TrustStore


def collect_evidence(pdf: bytes, trust: TrustStore, at: datetime) -> Evidence:
    """For the last signature, which must be ours, and its time stamp: their chains without the anchors, and what
    `trust` knows of revocations in them. Raises ChainError, InvalidSignature and MalformedStructure."""
    embedded: Any = PdfFileReader(BytesIO(pdf)).embedded_regular_signatures[-1]
    signature = load_cades_signature(read_container(embedded, pdf).content)
    paths = list(_paths(signature, trust, at))
    links = {(certificate, issuer) for path in paths for certificate, issuer in pairwise(path)}
    issuers = {issuer.subject.der for _certificate, issuer in links}
    return Evidence(
        certificates=sorted({each.der for path in paths for each in path[:-1]}),
        crls=sorted(each.der for each in trust.crls if each.issuer.der in issuers),
        ocsp_responses=sorted(
            each.der for each in trust.ocsp_responses if any(each.status_of(*link) is not None for link in links)
        ),
    )


def _paths(signature: CadesSignature, trust: TrustStore, at: datetime) -> Iterable[list[Certificate]]:
    signer, *companions = readable_certificates(signature.certificates)
    yield verify_chain(signer, [*companions, *trust.intermediates], trust.anchors, at)
    if signature.timestamp:
        token = TimestampToken.load(signature.timestamp)
        yield verify_timestamp(token, digest(token.digest_name, signature.signature), trust.for_timestamps(), at)
