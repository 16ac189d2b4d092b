"""A credential → one report: what it proves by itself, then how the licence stands by the record or by lists."""

import asyncio
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from kernel.i18n import gettext
from seal.validation.report import Check, CheckResult, SubIndication, ValidationReport, failed, passed, undecided
from verify.credentials.judging import Challenge, JudgedCredential, judge_credential
from verify.credentials.reading import SentCredential
from verify.report.report import VerificationReport
from verify.report.wording import STATE_SENTENCES
from verify.standing import LicenceStanding, LicenceStandings, LicenceState
from verify.status.judging import StatusList, judge_status
from verify.trust_list.document import TrustList
from verify.trust_list.source import TrustSource

RECORD = "Issuer's record"
STATUS = "Licence status"


class CredentialVerification:
    """Judges credentials with the keys of the trust list, and asks the issuer's record."""

    def __init__(self, trust: TrustSource, standings: LicenceStandings) -> None:
        self._trust = trust
        self._standings = standings

    async def judge(self, sent: SentCredential, at: datetime, challenge: Challenge | None = None) -> VerificationReport:
        """The report. The record is asked only about what the issuer's signature names."""
        keys = (await self._trust.published()).credential_keys
        judged = await asyncio.to_thread(judge_credential, sent, keys, at, challenge)
        if judged.identifier is None:
            return VerificationReport(judged.validation, at)
        licence = await self._standings.find_by_identifier(judged.identifier)
        if licence is None:
            check = undecided(
                STATUS, SubIndication.SIGNED_DATA_NOT_FOUND, "There is no record here of the licence it names."
            )
            return VerificationReport(judged.validation, at, (check,), LicenceState.UNKNOWN, shown=judged.shown)
        report = _with_record(judged, licence, at)
        return replace(report, shown_texts=await self._texts(report.shown)) if report.shown else report

    async def _texts(self, shown: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What was disclosed, as people read it."""
        holder = shown.get("holder", {})
        own = {
            gettext("Holder"): holder.get("name"),
            gettext("Holder's number"): holder.get("number"),
            gettext("Licence number"): shown.get("number"),
        }
        told = [(name, str(value)) for name, value in own.items() if value is not None]
        match shown.get("licence_type"):
            case {"code": str(code), "version": int(version)}:
                return told + await self._standings.field_texts(code, version, shown.get("fields", {}))
        return told


def judge_offline(
    sent: SentCredential, trust: TrustList, lists: Sequence[StatusList], at: datetime
) -> VerificationReport:
    """The report from a trust list and status lists alone."""
    judged = judge_credential(sent, trust.credential_keys, at)
    if judged.validity is None:
        return VerificationReport(judged.validation, at)
    state, status = judge_status(judged.status, judged.issued_at, lists, at)
    checks = [judged.validity, status]
    validation = judged.validation
    if status.result is CheckResult.INDETERMINATE and state is None:
        validation, checks = _undone(validation, status), [judged.validity]
    if state is not LicenceState.REVOKED and judged.state is LicenceState.EXPIRED:
        state = judged.state  # what has run out will not come back when a suspension ends
    return VerificationReport(validation, at, tuple(checks), state or judged.state, shown=judged.shown)


def _with_record(judged: JudgedCredential, licence: LicenceStanding, at: datetime) -> VerificationReport:
    """The record must hold the very content that was signed."""
    if not hmac.compare_digest(licence.content_digest, judged.content_digest or "-"):
        detail = "The issuer's record of this licence says something else than the credential."
        validation = _undone(judged.validation, failed(RECORD, SubIndication.HASH_FAILURE, detail))
        return VerificationReport(validation, at, (_status_check(licence),), licence.state, licence)
    record, validation = passed(RECORD, "The credential says what the issuer recorded."), judged.validation
    if judged.state is not None and judged.validity is not None:  # run out or not begun, however the licence stands
        validation = _undone(validation, judged.validity)
    return VerificationReport(
        validation, at, (record, _status_check(licence)), licence.state, licence, shown=judged.shown
    )


def _undone(validation: ValidationReport, check: Check) -> ValidationReport:
    return replace(validation, checks=(*validation.checks, check))


def _status_check(licence: LicenceStanding) -> Check:
    sentence = STATE_SENTENCES[licence.state]
    if licence.state is LicenceState.VALID:
        return passed(STATUS, sentence)
    return failed(STATUS, SubIndication.REVOKED, sentence)
