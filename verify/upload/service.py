"""A file or QR text → one report: the seals, then the licence that the file names as it stands now, then a receipt."""

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any

from kernel.clock import Clock
from kernel.errors import FieldError, InvalidInput
from seal.validation.report import Check, SubIndication, ValidationReport, failed, passed, undecided, warning
from verify.credentials.judging import Challenge
from verify.credentials.reading import read_credential
from verify.credentials.service import CredentialVerification
from verify.qr.service import QrVerification
from verify.regions.judging import judge_foreign_file
from verify.regions.trust import FederatedTrust
from verify.report.report import VerificationReport
from verify.report.wording import STATE_SENTENCES
from verify.signed_reports.service import SignedReports
from verify.standing import LicenceStanding, LicenceStandings, LicenceState
from verify.status.judging import StatusReference
from verify.trust_list.source import TrustSource
from verify.upload.budget import WorkBudget
from verify.upload.images import is_image
from verify.upload.judging.findings import Findings, Judges

RECORD = "Issuer's record"
STATUS = "Licence status"
LOG = "Public log"


class UploadVerification:
    """Judges what somebody sends. Nothing that is sent is kept."""

    def __init__(
        self,
        *,
        trust: TrustSource,
        standings: LicenceStandings,
        qr: QrVerification,
        reports: SignedReports,
        budget: WorkBudget,
        judges: Judges,
        clock: Clock,
        regions: FederatedTrust | None = None,
    ) -> None:
        """`regions`: others whose files are believed."""
        self._trust = trust
        self._regions = regions
        self._standings = standings
        self._credentials = CredentialVerification(trust, standings)
        self._qr = qr
        self._reports = reports
        self._budget = budget
        self._judges = judges
        self._clock = clock

    async def judge_file(self, data: bytes, *, address: str) -> VerificationReport:
        """The report on an OFD or PDF, a signed JSON or SD-JWT, or the QR code in a picture.

        A file that cannot be read is a verdict; a picture without one QR code raises `InvalidInput`, an address whose
        files took too long `RateLimited`.
        """
        if (sent := read_credential(data)) is not None:
            return await self._credentials.judge(sent, self._clock())
        if is_image(data):
            text = await self._budget.run(address, lambda: self._judges.read_qr(data))
            return await self._qr.judge_text(text, address=address)
        now = self._clock()
        trust = await self._trust.store()
        found = await self._budget.run(address, lambda: self._judges.judge(data, trust, now))
        validation, named = found.validation, found.named
        recorded = await self._standings.find_by_file_digest(hashlib.sha256(data).hexdigest())
        licence = recorded
        if licence is None and named is not None:
            licence = await self._standings.find_by_identifier(named)
        if licence is None and (foreign := await self._foreign(found, now)) is not None:
            return foreign
        report = VerificationReport(validation=validation, checked_at=now, licence=licence)
        return _with_standing(report, named, is_recorded=recorded is not None)

    async def _foreign(self, found: Findings, now: datetime) -> VerificationReport | None:
        """The report on a file of a trusted region, by whose list its status stands."""
        place = StatusReference.parse(found.status_place or "")
        if self._regions is None or place is None:
            return None
        region = await self._regions.region_of(place.uri.partition("/api/")[0])
        return judge_foreign_file(found.validation, found.status_place, region, now) if region else None

    async def judge_text(self, text: str, *, address: str) -> VerificationReport:
        """The report on a QR text or a credential; raises `InvalidInput` for nonsense, `RateLimited` for guessing."""
        if (sent := read_credential(text)) is not None:
            return await self._credentials.judge(sent, self._clock())
        return await self._qr.judge_text(text, address=address)

    async def judge_presentation(self, text: str, challenge: Challenge | None) -> VerificationReport:
        """The report on a credential that a wallet showed to whoever asked `challenge`. Raises `InvalidInput`."""
        sent = read_credential(text)
        if sent is None:
            message = "This is not a credential. Send an SD-JWT or a signed JSON as the issuer gave it."
            raise InvalidInput(message, fields=[FieldError("credential", message)])
        return await self._credentials.judge(sent, self._clock(), challenge)

    async def answer(self, report: VerificationReport) -> dict[str, Any]:
        """The report as sent, with what it rests on, a signed receipt over it, and where it is kept for a while."""
        return await self._reports.answer(report)


def _with_standing(report: VerificationReport, named: str | None, *, is_recorded: bool) -> VerificationReport:
    """Add what the issuer's records say. The ledger's digest of the sealed file decides, the name in it is a hint."""
    licence = report.licence
    if licence is None:
        if named is None:
            check = warning(STATUS, "Not checked. The file names no licence, so only its seals were judged.")
            return replace(report, checks=(check,))
        check = undecided(
            STATUS, SubIndication.SIGNED_DATA_NOT_FOUND, "There is no record here of the licence it names."
        )
        return replace(report, checks=(check,), state=LicenceState.UNKNOWN)
    status = _status_check(licence)
    if licence.copy_until is not None:
        return _purpose_bound(report, licence, licence.copy_until, status)
    if is_recorded:
        return _recorded(report, licence, status)
    other = undecided(
        RECORD,
        SubIndication.HASH_FAILURE,
        "The file names this licence but is not the file that the issuer recorded. Ask the holder for the original.",
    )
    validation = report.validation
    return replace(
        report,
        validation=ValidationReport(validation.document, (*validation.checks, other), validation.signatures),
        checks=(status,),
        state=licence.state,
    )


def _purpose_bound(
    report: VerificationReport, licence: LicenceStanding, until: datetime, status: Check
) -> VerificationReport:
    """A copy that was made for one purpose, which stands on each of its pages, and for a time."""
    validation, moment = report.validation, until.isoformat(timespec="minutes")
    if report.checked_at < until:
        record = passed(
            RECORD, "This is a copy made for the purpose written on it. It may be used until {time}.", time=moment
        )
        return _with_log(replace(report, checks=(record, status), state=licence.state), licence)
    over = failed(
        RECORD, SubIndication.EXPIRED, "This is a copy made for one purpose. Its time was over at {time}.", time=moment
    )
    validation = ValidationReport(validation.document, (*validation.checks, over), validation.signatures)
    return replace(report, validation=validation, checks=(status,), state=licence.state)


def _recorded(report: VerificationReport, licence: LicenceStanding, status: Check) -> VerificationReport:
    """The issuer's database knows the file; the public log, which nobody can rewrite unseen, must say the same."""
    record = passed(RECORD, "This is the very file that the issuer recorded when it was sealed.")
    return _with_log(replace(report, checks=(record, status), state=licence.state), licence)


def _with_log(report: VerificationReport, licence: LicenceStanding) -> VerificationReport:
    """The report with what the public log says of the file, after what the issuer's record says."""
    entry, validation = licence.log_entry, report.validation
    if entry is None:
        return report
    if not entry.holds_file:
        other = undecided(LOG, SubIndication.HASH_FAILURE, "The public log does not hold this file. Tell the issuer.")
        return replace(
            report,
            validation=ValidationReport(validation.document, (*validation.checks, other), validation.signatures),
        )
    detail = "Entry {number} of {size} in the public log holds this file's digest."
    held = passed(LOG, detail, number=entry.index + 1, size=entry.tree_size)
    record, *others = report.checks
    return replace(report, checks=(record, held, *others))


def _status_check(licence: LicenceStanding) -> Check:
    sentence = STATE_SENTENCES[licence.state]
    if licence.state is LicenceState.VALID:
        return passed(STATUS, sentence)
    return failed(STATUS, SubIndication.REVOKED, sentence)
