"""What the pages need of a report: words and marks chosen, so that templates only place them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from kernel.i18n import gettext
from seal.validation.report import Check, CheckResult, Indication, SignatureReport
from verify.report.report import VerificationReport
from verify.report.wording import INDICATION_MARKS, INDICATION_TITLES, SEAL_STATES, TIME_SOURCES
from verify.standing import STATE_MARKS, STATE_TITLES, LicenceState

ADDRESS = "/api/v1/verifications"
_SHOWN = {CheckResult.PASSED: "passed", CheckResult.FAILED: "failed"}

_SIGNATURE_TITLES = {
    Indication.PASSED: "Holds",
    Indication.FAILED: "Does not hold",
    Indication.INDETERMINATE: "Cannot be confirmed",
}


def as_item(check: Check) -> dict[str, str]:
    """The check as the shell's list takes it. What was not decided or not checked is never shown as good."""
    return {
        "title": gettext(check.name),
        "result": _SHOWN.get(check.result, "unknown"),
        "detail": gettext(check.detail, **check.params),
    }


def as_items(checks: Iterable[Check]) -> list[dict[str, str]]:
    """A list of checks for the shell."""
    return [as_item(check) for check in checks]


@dataclass(frozen=True)
class SignatureView:
    """One signature as shown: its report, and words for what in it is a code."""

    report: SignatureReport
    mark: str
    title: str
    time_source: str
    seal_state: str
    checks: list[dict[str, str]]


@dataclass(frozen=True)
class ReportView:
    """A report as `verify/report.html` shows it."""

    report: VerificationReport
    receipt: str
    title: str
    mark: str
    checks: list[dict[str, str]]
    signatures: list[SignatureView]
    address: str | None = None
    """Where the report can be fetched signed, for a while; None when it is not kept."""
    kept_until: datetime | None = None


def report_page(report: VerificationReport, receipt: str, kept: Mapping[str, str] | None = None) -> ReportView:
    """Choose words and marks in the reader's language; the licence's state speaks where the document itself holds."""
    state = report.state
    speaks = state not in (None, LicenceState.VALID) and report.validation.indication is not report.indication
    return ReportView(
        report=report,
        receipt=receipt,
        title=gettext(STATE_TITLES[state] if speaks and state else INDICATION_TITLES[report.indication]),
        mark=STATE_MARKS[state] if speaks and state else INDICATION_MARKS[report.indication],
        checks=as_items([*report.validation.checks, *report.checks]),
        signatures=[_signature_view(signature) for signature in report.validation.signatures],
        address=f"{ADDRESS}/{kept['id']}" if kept else None,
        kept_until=datetime.fromisoformat(kept["until"]) if kept else None,
    )


def _signature_view(signature: SignatureReport) -> SignatureView:
    return SignatureView(
        report=signature,
        mark=INDICATION_MARKS[signature.verdict.indication],
        title=gettext(_SIGNATURE_TITLES[signature.verdict.indication]),
        time_source=gettext(TIME_SOURCES[signature.time.source]),
        seal_state=gettext(SEAL_STATES[signature.seal.status]) if signature.seal else "",
        checks=as_items(signature.checks),
    )
