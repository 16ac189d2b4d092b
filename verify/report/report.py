"""The whole answer: what the document proves, and how the licence it names stands now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kernel.i18n import gettext
from seal.validation.report import (
    Check,
    CheckResult,
    Indication,
    ResultCode,
    SubIndication,
    Translate,
    ValidationReport,
)
from verify.report.wording import (
    INDICATION_SENTENCES,
    NOT_ANCHORED_SENTENCES,
    STATE_SENTENCES,
    SUB_INDICATION_SENTENCES,
)
from verify.standing import DATA_CODES, LicenceStanding, LicenceState

QR_FORMAT = "qr"

# What a licence's state does to a report whose signatures hold. Revoked and expired are facts, so they fail; the others
# may change or have a remedy. TRY_LATER is what EN 319 102-1 §5.2.6 says of something on hold.
STATE_VERDICTS: Mapping[LicenceState, tuple[Indication, str | None]] = {
    LicenceState.VALID: (Indication.PASSED, None),
    LicenceState.NOT_YET_VALID: (Indication.INDETERMINATE, "NOT_YET_VALID"),
    LicenceState.SUSPENDED: (Indication.INDETERMINATE, "TRY_LATER"),
    LicenceState.REVOKED: (Indication.FAILED, "REVOKED"),
    LicenceState.EXPIRED: (Indication.FAILED, "EXPIRED"),
    LicenceState.SUPERSEDED: (Indication.INDETERMINATE, "SUPERSEDED"),
    LicenceState.UNKNOWN: (Indication.INDETERMINATE, "NO_RECORD"),
    LicenceState.PRESENTATION_EXPIRED: (Indication.INDETERMINATE, "PRESENTATION_EXPIRED"),
}

_WELL = (CheckResult.PASSED, CheckResult.WARNING)
_FILES = ("ofd", "pdf")
_SEVERITY = (Indication.PASSED, Indication.INDETERMINATE, Indication.FAILED)


@dataclass(frozen=True)
class VerificationReport:
    """What was found at `checked_at`.

    `validation` judges the bytes alone; `licence` is the standing now (None where none is known or asked); `state` is
    None when the document names no licence or nobody could be asked; `checks` are those beside the signatures; `shown`
    is what a credential disclosed, for one that holds alone.
    """

    validation: ValidationReport
    checked_at: datetime
    checks: tuple[Check, ...] = ()
    state: LicenceState | None = None
    licence: LicenceStanding | None = None
    shown: Mapping[str, Any] | None = field(default=None, repr=False)
    shown_texts: Sequence[tuple[str, str]] = field(default=(), repr=False)
    """The same for people: labels and texts."""

    @property
    def indication(self) -> Indication:
        """The worst of document and licence."""
        return max((self.validation.indication, self._standing[0]), key=_SEVERITY.index)

    @property
    def sub_indication(self) -> str | None:
        """Why, unless it passed. Where both are to blame equally, the document is named."""
        if self.validation.indication is self.indication:
            return self.validation.sub_indication.value if self.validation.sub_indication else None
        return self._standing[1]

    @property
    def code(self) -> int:
        """GB/T 36906: the code of data verification for a QR text, of file verification for a file."""
        if self.validation.document.format == QR_FORMAT:
            # 5: no such record, which is all that can be said of claims whose signature does not hold.
            return DATA_CODES[self.state or LicenceState.VALID] if self._document_holds else 5
        if self.indication is Indication.PASSED:
            return int(ResultCode.PASSED)
        return int(ResultCode.FILE_FAILED if self._document_holds else self.validation.code)

    @property
    def reason(self) -> str:
        """One sentence that says why, in the reader's language."""
        if self.indication is Indication.PASSED:
            return gettext(INDICATION_SENTENCES[self.indication])
        if self.validation.indication is not self.indication and self.state is not None:
            return gettext(STATE_SENTENCES[self.state])
        if self._lacks_anchors_alone:
            return gettext(NOT_ANCHORED_SENTENCES[True])
        known = SUB_INDICATION_SENTENCES.get(self.sub_indication or "")
        return gettext(known or INDICATION_SENTENCES[self.indication])

    @property
    def _lacks_anchors_alone(self) -> bool:
        """Whether a file's only flaw is that no anchor leads to who signed it."""
        judged = self.validation
        checks = [*judged.checks, *(check for each in judged.signatures for check in each.checks)]
        open_questions = {each.sub_indication for each in checks if each.result not in _WELL}
        of_file = judged.document.format in _FILES
        return of_file and open_questions == {SubIndication.NO_CERTIFICATE_CHAIN_FOUND}

    @property
    def _document_holds(self) -> bool:
        return self.validation.indication is Indication.PASSED

    @property
    def _standing(self) -> tuple[Indication, str | None]:
        return STATE_VERDICTS[self.state or LicenceState.VALID]

    def to_dict(self, translate: Translate = gettext) -> dict[str, Any]:
        """The contract's report, without the receipt, in the reader's language."""
        document = self.validation.to_dict(translate)
        report: dict[str, Any] = {"indication": self.indication.value}
        if self.sub_indication:
            report["sub_indication"] = self.sub_indication
        report |= {
            "code": self.code,
            "reason": self.reason,
            "checked_at": self.checked_at.isoformat(),
            "document": document["document"],
            "checks": [*document["checks"], *(check.to_dict(translate) for check in self.checks)],
            "signatures": document["signatures"],
        }
        if self.licence is not None:
            report["licence"] = self.licence.to_json()
        if self.shown is not None:
            report["shown"] = dict(self.shown)
        return report
