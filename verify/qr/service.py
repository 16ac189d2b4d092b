"""The verdict for a QR text, a handle or a presentation code, asked afresh every time."""

import asyncio
import hashlib
from datetime import date

from kernel.clock import Clock
from kernel.errors import FieldError, Gone, InvalidInput, NotFound
from kernel.i18n import DISPLAY_ZONE
from seal.validation.report import (
    Check,
    DocumentSummary,
    SignatureReport,
    SubIndication,
    ValidationReport,
    failed,
    passed,
    warning,
)
from verify.qr.claims import SignedClaims, check_claims
from verify.qr.reading import QrReading, read_qr
from verify.qr.throttle import GuessThrottle
from verify.qr.verdict import StateOn, VerificationVerdict
from verify.regions.judging import ForeignClaims, judge_foreign_code
from verify.regions.trust import FederatedTrust
from verify.report.report import QR_FORMAT, VerificationReport
from verify.report.wording import STATE_SENTENCES
from verify.standing import LicenceStanding, LicenceStandings, LicenceState, Presentations
from verify.trust_list.source import TrustSource

NO_DAY = "Give a day that is over or today, as 2026-01-31."


class QrVerification:
    """Judges codes. Unknown codes and codes meant for somebody else get the same answer, at the same cost."""

    def __init__(
        self,
        *,
        standings: LicenceStandings,
        presentations: Presentations,
        trust: TrustSource,
        throttle: GuessThrottle,
        clock: Clock,
        regions: FederatedTrust | None = None,
    ) -> None:
        """`regions`: others whose codes are believed."""
        self._regions = regions
        self._standings = standings
        self._presentations = presentations
        self._trust = trust
        self._throttle = throttle
        self._clock = clock

    async def judge_code(self, code: str, *, address: str, on: date | None = None) -> VerificationVerdict:
        """The verdict for what follows `/v/`; `address` is the asker's network address, for the throttle alone.

        `on`: a day that the asker wants to know about too, today or before. Raises `RateLimited` when that address has
        been guessing, `InvalidInput` for a day that has not come.
        """
        if on is not None and on > self._clock().astimezone(DISPLAY_ZONE).date():
            raise InvalidInput(NO_DAY, fields=[FieldError("on", NO_DAY)])
        await self._throttle.check(address)
        state, licence = await self._standing_of(code)
        if state is LicenceState.UNKNOWN:
            await self._throttle.note_unknown(address)
        history = None
        if on is not None and licence is not None:
            history = StateOn(on, await self._standings.state_on(licence.identifier, on))
        return VerificationVerdict(state, standing_checks(state, licence), self._clock(), licence, history)

    async def judge_text(self, text: str, *, address: str) -> VerificationReport:
        """The report on a whole QR text; raises `InvalidInput` for nonsense and `RateLimited`.

        Where the text brings signed claims, they must hold and speak of the licence that the code leads to.
        """
        reading = read_qr(text)
        claims, signature = await self._signature(reading)
        if self._regions and claims and signature and (region := await self._regions.region_of(signature.signer)):
            foreign = ForeignClaims(qr_document(text), signature, claims.status, claims.issued_at)
            return judge_foreign_code(foreign, region, self._clock())
        if reading.code:
            verdict = await self.judge_code(reading.code, address=address)
        else:
            verdict = await self._judge_claims(claims)
        mismatch = _mismatch(claims, verdict.licence)
        return VerificationReport(
            validation=ValidationReport(
                document=qr_document(text),
                checks=(mismatch,) if mismatch else (),
                signatures=(signature,) if signature else (),
            ),
            checked_at=verdict.checked_at,
            checks=tuple(verdict.checks),
            state=verdict.state,
            licence=None if mismatch else verdict.licence,
        )

    async def _judge_claims(self, claims: SignedClaims | None) -> VerificationVerdict:
        """For a code that brings nothing but claims: whoever brings it here wants to know how the licence stands."""
        licence = await self._standings.find_by_identifier(claims.identifier) if claims else None
        state = licence.state if licence else LicenceState.UNKNOWN
        return VerificationVerdict(state, standing_checks(state, licence), self._clock(), licence)

    async def _standing_of(self, code: str) -> tuple[LicenceState, LicenceStanding | None]:
        licence = await self._standings.find_by_handle(code)
        if licence is not None:
            return licence.state, licence
        try:
            licence = await self._presentations.open(code)
        except Gone:
            return LicenceState.PRESENTATION_EXPIRED, None
        except NotFound:
            return LicenceState.UNKNOWN, None
        return licence.state, licence

    async def _signature(self, reading: QrReading) -> tuple[SignedClaims | None, SignatureReport | None]:
        if reading.signed_claims is None:
            return None, None
        keys = await self._regions.qr_keys() if self._regions else (await self._trust.published()).qr_keys
        return await asyncio.to_thread(check_claims, reading.signed_claims, keys, at=self._clock())


def qr_document(text: str) -> DocumentSummary:
    """A QR text as the document that a report is about."""
    return DocumentSummary(QR_FORMAT, f"sha256:{hashlib.sha256(text.strip().encode()).hexdigest()}")


def standing_checks(state: LicenceState, licence: LicenceStanding | None) -> tuple[Check, ...]:
    """What asking the issuer's records showed, and what it cannot show."""
    if licence is None:
        return (failed("QR code", SubIndication.SIGNED_DATA_NOT_FOUND, STATE_SENTENCES[state]),)
    status = (
        passed("Licence status", STATE_SENTENCES[state])
        if state is LicenceState.VALID
        else failed("Licence status", SubIndication.REVOKED, STATE_SENTENCES[state])
    )
    return (
        passed("QR code", "The code leads to a licence in the issuer's records."),
        status,
        warning("Paper or file", "Not checked. Compare what is in front of you with what is shown here."),
        warning("Person", "Not checked. Nothing here shows that the person in front of you is the holder."),
    )


def _mismatch(claims: SignedClaims | None, licence: LicenceStanding | None) -> Check | None:
    if claims is None or licence is None or claims.identifier == licence.identifier:
        return None
    return failed("Code and record", SubIndication.HASH_FAILURE, "The QR code was signed for another licence.")
