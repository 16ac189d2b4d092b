"""What checking a report again found, as plain text for a terminal."""

from datetime import datetime

from kernel.i18n import format_datetime, gettext
from seal.validation.report import Indication
from verify.report.wording import INDICATION_TITLES
from verify.signed_reports.recheck import RECHECK_SENTENCES, Recheck


def render_recheck(found: Recheck) -> str:
    """In the reader's language, ending with a newline: whether it holds, who says what, about which document."""
    lines = [f"{'✓' if found.holds else '✗'} {gettext(RECHECK_SENTENCES[found.outcome])}"]
    report = found.report
    if report is not None:
        indication = Indication(report["indication"])
        outcome = " ".join(filter(None, (indication.value, report.get("sub_indication"))))
        moment = format_datetime(datetime.fromisoformat(report["checked_at"]), seconds=True)
        lines += [
            f"  {gettext('Verdict')}: {gettext(INDICATION_TITLES[indication])} ({outcome})",
            f"  {gettext('Checked at')}: {moment}",
            f"  {gettext('Signed by')}: {found.issuer}",
            f"  {gettext('Digest of what you sent')}: {report['document']['digest']}",
        ]
    return "\n".join(lines) + "\n"
