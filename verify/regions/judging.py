"""A licence of another region: its own signed list says how it stands, since there is no record of it here."""

from dataclasses import dataclass, replace
from datetime import datetime

from seal.validation.report import (
    Check,
    CheckResult,
    DocumentSummary,
    Indication,
    SignatureReport,
    SubIndication,
    ValidationReport,
    passed,
    undecided,
)
from verify.regions.service import TrustedRegion
from verify.report.report import VerificationReport
from verify.standing import LicenceState
from verify.status.judging import StatusReference, judge_status

ORIGIN = "Issuer's region"


@dataclass(frozen=True)
class ForeignClaims:
    """Signed claims of a region: the code they stood in, their signature, where their status stands, since when."""

    document: DocumentSummary
    signature: SignatureReport
    status: StatusReference | None
    issued_at: datetime | None


def judge_foreign_code(claims: ForeignClaims, region: TrustedRegion, at: datetime) -> VerificationReport:
    """The report on signed claims of a trusted region."""
    validation = ValidationReport(claims.document, (), (claims.signature,))
    return _report(validation, region, judge_status(claims.status, claims.issued_at, region.pack.lists(), at), at)


def judge_foreign_file(
    validation: ValidationReport, place: str | None, region: TrustedRegion, at: datetime
) -> VerificationReport | None:
    """The report on a file under a seal of the region; None when that is not what it is.

    The place of its status counts only under a seal that holds and covers everything, and that the region published.
    """
    if validation.indication is not Indication.PASSED or not validation.signatures:
        return None
    last, reference = validation.signatures[-1], StatusReference.parse(place or "")
    seals = {seal.seal_id for seal in region.pack.trust.seals}
    if reference is None or not last.covers_whole_document or last.seal is None or last.seal.id not in seals:
        return None
    return _report(validation, region, judge_status(reference, last.time.value, region.pack.lists(), at), at)


def _report(
    validation: ValidationReport, region: TrustedRegion, judged: tuple[LicenceState | None, Check], at: datetime
) -> VerificationReport:
    """A list that is not there or cannot be relied on leaves the verdict open: there is no record here to ask."""
    state, status = judged
    if state is None and status.result is CheckResult.WARNING:
        status = undecided(status.name, SubIndication.TRY_LATER, status.detail, **status.params)
    origin = passed(
        ORIGIN,
        "Issued by {name} ({issuer}), a region that this service trusts. There is no record of it here.",
        name=region.name,
        issuer=region.pack.issuer,
    )
    if status.result is CheckResult.INDETERMINATE and state is None:
        validation, checks = replace(validation, checks=(*validation.checks, status)), (origin,)
        return VerificationReport(validation, at, checks)
    return VerificationReport(validation, at, (origin, status), state)
