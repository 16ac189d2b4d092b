"""Checking a report that somebody shows: who signed it, is it what was signed, is it about this document."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from io import BytesIO
from typing import Any, Final

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from kernel.crypto.certificates import Certificate
from kernel.crypto.jose import MAX_LIST_BYTES, InvalidToken, JwkSet, JwsAlgorithm, load_claims, verify_jws
from kernel.crypto.signatures import InvalidSignature
from kernel.errors import InvalidInput
from kernel.i18n import gettext
from seal.validation.report import Indication
from seal.validation.service import validate_document
from seal.validation.trust import TrustStore
from verify.receipt.receipt import receipt_claims, report_digest
from verify.signed_reports.etsi import report_in
from verify.signed_reports.printed import ATTACHMENT
from verify.signed_reports.xml_signature import verify_report

_ALGORITHMS: Final[tuple[JwsAlgorithm, ...]] = ("ES256",)
RECEIPT_TYPE: Final = "receipt+jwt"


class Outcome(StrEnum):
    """How checking a report again ended."""

    HOLDS = "holds"
    UNREADABLE = "unreadable"
    UNSIGNED = "unsigned"
    BROKEN = "broken"
    OTHER_REPORT = "other_report"
    OTHER_DOCUMENT = "other_document"


RECHECK_SENTENCES: Mapping[Outcome, str] = {
    Outcome.HOLDS: "The report is genuine and unchanged.",
    Outcome.UNREADABLE: "This is not a verification report as JSON, JWS, XML or PDF.",
    Outcome.UNSIGNED: "The report carries no receipt, so nothing shows who made it.",
    Outcome.BROKEN: "The report was not signed by a key on the trust list, or was changed since.",
    Outcome.OTHER_REPORT: "The receipt in the report was signed over another report.",
    Outcome.OTHER_DOCUMENT: "The report is about another document.",
}


@dataclass(frozen=True)
class RecheckTrust:
    """By whom reports are believed: public keys (SubjectPublicKeyInfo, DER), and the anchors of PDF signatures."""

    keys: Sequence[bytes]
    store: TrustStore


@dataclass(frozen=True)
class Recheck:
    """What was found. `about_document` is None when no document was given."""

    form: str
    outcome: Outcome
    report: Mapping[str, Any] | None = None
    issuer: str = ""
    signed_at: datetime | None = None
    about_document: bool | None = None

    @property
    def holds(self) -> bool:
        """Whether it is what the service signed, and about the document that was given."""
        return self.outcome is Outcome.HOLDS

    def to_dict(self) -> dict[str, Any]:
        """As printed for programs."""
        report = self.report or {}
        return {
            "holds": self.holds,
            "outcome": self.outcome.value,
            "detail": gettext(RECHECK_SENTENCES[self.outcome]),
            "form": self.form,
            "issuer": self.issuer,
            "signed_at": self.signed_at.isoformat() if self.signed_at else None,
            "about_document": self.about_document,
            "indication": report.get("indication"),
            "document": report.get("document"),
            "basis": report.get("basis"),
        }


def recheck_report(data: bytes, trust: RecheckTrust, at: datetime, document: bytes | None = None) -> Recheck:
    """Check a report. Never raises for what is in the file: one that cannot be read does not hold."""
    form = _form(data)
    try:
        found = _CHECKS[form](data, trust, at)
    except (InvalidSignature, InvalidToken):
        return Recheck(form, Outcome.BROKEN)
    except (InvalidInput, PdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Recheck(form, Outcome.UNREADABLE)
    if not found.holds or document is None or found.report is None:
        return found
    digest = f"sha256:{hashlib.sha256(document).hexdigest()}"
    if found.report["document"]["digest"] == digest:
        return replace(found, about_document=True)
    return replace(found, about_document=False, outcome=Outcome.OTHER_DOCUMENT)


def _form(data: bytes) -> str:
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if start.startswith(b"<"):
        return "xml"
    return "json" if start.startswith(b"{") else "jws"


def _check_json(data: bytes, trust: RecheckTrust, at: datetime) -> Recheck:
    """The report as the service sends it: the receipt in it speaks of its digest."""
    report = load_claims(data)
    if not isinstance(receipt := report.get("receipt"), str):
        return Recheck("json", Outcome.UNSIGNED)
    claims = _claims(receipt, trust)
    if claims["report_digest"] != {"sha-256": report_digest(report)}:
        return Recheck("json", Outcome.OTHER_REPORT)
    return _held("json", report, claims)


def _check_jws(data: bytes, trust: RecheckTrust, at: datetime) -> Recheck:
    """A receipt that brings its report with it. A bare receipt tells too little to be a report."""
    claims = _claims(data.decode("ascii").strip(), trust)
    report = claims["report"]
    expected = receipt_claims(report, issuer=str(claims["iss"]))
    if any(claims.get(name) != value for name, value in expected.items()):
        return Recheck("jws", Outcome.OTHER_REPORT)
    return _held("jws", report, claims)


def _check_xml(data: bytes, trust: RecheckTrust, at: datetime) -> Recheck:
    report = report_in(verify_report(data, trust.keys))
    return Recheck("xml", Outcome.HOLDS, report, _issuer(report), datetime.fromisoformat(report["checked_at"]))


def _check_pdf(data: bytes, trust: RecheckTrust, at: datetime) -> Recheck:
    """Signed as a PDF by the key of reports, over all of the file; the report is the one attached."""
    validation = validate_document(data, trust.store, at=at)
    if validation.indication is not Indication.PASSED or len(validation.signatures) != 1:
        raise InvalidSignature(reason=str(validation.sub_indication))
    (signature,) = validation.signatures
    certificate = signature.certificate
    if certificate is None or Certificate.load(certificate).public_key().spki not in trust.keys:
        raise InvalidSignature(reason="by a key that is not on the list")
    if not signature.covers_whole_document:
        raise InvalidSignature(reason="not over the whole file")
    found = _check_jws(_attached(data), trust, at)
    return replace(found, form="pdf", signed_at=signature.time.value or found.signed_at)


_CHECKS: Final = {"json": _check_json, "jws": _check_jws, "xml": _check_xml, "pdf": _check_pdf}


def _attached(data: bytes) -> bytes:
    """The signed report in the PDF; its signature held, so it is one of ours."""
    names = PdfFileReader(BytesIO(data)).root["/Names"]["/EmbeddedFiles"]["/Names"]
    if str(names[0]) != ATTACHMENT:
        raise ValueError("another attachment")
    return bytes(names[1]["/EF"]["/F"].data)


def _claims(jws: str, trust: RecheckTrust) -> dict[str, Any]:
    header, payload = verify_jws(jws, JwkSet.of(trust.keys), _ALGORITHMS, max_bytes=MAX_LIST_BYTES)
    if str(header.get("typ", "")).removeprefix("application/") != RECEIPT_TYPE:
        raise InvalidToken("wrong type")
    return load_claims(payload)


def _held(form: str, report: Mapping[str, Any], claims: Mapping[str, Any]) -> Recheck:
    signed_at = datetime.fromtimestamp(int(claims["iat"]), UTC)
    return Recheck(form, Outcome.HOLDS, report, str(claims["iss"]), signed_at)


def _issuer(report: Mapping[str, Any]) -> str:
    return str(report["basis"]["policy"]["uri"]).partition("/verify/")[0]
