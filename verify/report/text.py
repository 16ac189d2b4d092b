"""A report as plain text for a terminal or an e-mail."""

from kernel.i18n import format_datetime, gettext, use_locale
from seal.validation.report import Check, CheckResult, Indication, SignatureReport
from verify.report.report import VerificationReport
from verify.report.wording import INDICATION_TITLES, SEAL_STATES, TIME_SOURCES

_MARKS = {
    CheckResult.PASSED: "✓",
    CheckResult.WARNING: "!",
    CheckResult.INDETERMINATE: "?",
    CheckResult.FAILED: "✗",
}
_VERDICTS = {Indication.PASSED: "✓", Indication.INDETERMINATE: "?", Indication.FAILED: "✗"}


def render_text(report: VerificationReport, locale: str) -> str:
    """The report in words, verdict first, ending with a newline."""
    with use_locale(locale):
        return "\n".join(_lines(report)) + "\n"


def _lines(report: VerificationReport) -> list[str]:
    outcome = report.indication.value + (f" ({report.sub_indication})" if report.sub_indication else "")
    lines = [
        f"{_VERDICTS[report.indication]} {gettext(INDICATION_TITLES[report.indication])} — {report.reason}",
        f"  {outcome}, GB/T 36906: {report.code}",
        f"  {gettext('Checked at {time}', time=format_datetime(report.checked_at, seconds=True))}",
        f"  {report.validation.document.format}, {report.validation.document.digest}",
    ]
    lines += [_check_line(check) for check in (*report.validation.checks, *report.checks)]
    for number, signature in enumerate(report.validation.signatures, start=1):
        lines += _signature_lines(number, signature)
    return lines + _licence_lines(report)


def _signature_lines(number: int, signature: SignatureReport) -> list[str]:
    title = gettext("Signature {number}", number=number)
    lines = ["", f"{_VERDICTS[signature.verdict.indication]} {title}: {signature.kind}, {signature.signer}"]
    if signature.seal is not None:
        state = gettext(SEAL_STATES[signature.seal.status])
        lines.append(f"  {gettext('Seal')}: {signature.seal.name} {signature.seal.id} ({state})")
    if signature.time.value is not None:
        when = format_datetime(signature.time.value, seconds=True)
        lines.append(f"  {gettext('Time')}: {when}, {gettext(TIME_SOURCES[signature.time.source])}")
    return lines + [_check_line(check) for check in signature.checks]


def _licence_lines(report: VerificationReport) -> list[str]:
    licence = report.licence
    if licence is None:
        return []
    return [
        "",
        f"{gettext('Licence')}: {licence.type_name}, {licence.issuer_name}",
        f"  {gettext('Holder')}: {licence.holder_masked}",
        f"  {gettext('Licence identifier')}: {licence.identifier}",
        f"  {gettext('Status now')}: {licence.title}",
    ]


def _check_line(check: Check) -> str:
    return f"  {_MARKS[check.result]} {gettext(check.name)}: {gettext(check.detail, **check.params)}"
