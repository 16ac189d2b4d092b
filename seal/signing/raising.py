"""Raising what was sealed to the level that is wanted. The seal's key is not needed any more: whoever presses only
leaves room, so stamping may be slow, or elsewhere, or fail, without the key being in reach."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import IntegrityError, Unavailable
from seal.client import SealableFormat
from seal.documents.levels import STAMPED, WITH_EVIDENCE, PadesLevel
from seal.documents.ofd.timestamps import add_timestamp, digest_to_stamp, last_seal
from seal.documents.pdf.levels import add_document_timestamp, add_evidence, awaited_stamps, complete_timestamp
from seal.timestamp.pending import MissingTimestamp
from seal.timestamp.service import TimestampService
from seal.timestamp.stamper import StampDigest
from seal.validation.pades.collecting import collect_evidence
from seal.validation.report import Indication
from seal.validation.service import validate_document
from seal.validation.trust import TrustStore

StampState = Literal["pending", "done"]


@dataclass(frozen=True)
class AwaitedStamp:
    """What a time stamp is to be over: the digest of a signature value, and its kind."""

    digest: bytes
    digest_name: StampDigest


@dataclass(frozen=True)
class Pressed:
    """A sealed file with room for a stamp, and the level that is wanted. An OFD has one above B-B: B-T."""

    data: bytes
    format: SealableFormat
    level: PadesLevel


@dataclass(frozen=True)
class Raised:
    """A sealed file; `missing`: the stamp that it still waits for. `time_stamp` is None when none is wanted."""

    data: bytes
    time_stamp: StampState | None = None
    missing: AwaitedStamp | None = None


class LevelRaiser:
    """Stamps signatures in PDF and OFD files and embeds evidence in PDF files."""

    def __init__(self, timestamps: TimestampService, clock: Clock) -> None:
        self._timestamps = timestamps
        self._clock = clock

    async def check(self, level: PadesLevel) -> None:
        """Whether this level can be had; raises `Unavailable` when time stamps have been missing for too long."""
        if level in STAMPED:
            await self._timestamps.pending.check()

    async def raised(self, pressed: Pressed, trust: TrustStore, *, may_wait: bool) -> Raised:
        """The file, sealed last, at its level; or as it is, its stamp still missing, if it `may_wait` for that.

        Raises `Unavailable` when nobody stamps and the file may not wait (or sealing without stamps has gone on for
        too long), `IntegrityError` when the result does not hold.
        """
        if pressed.level not in STAMPED:
            return Raised(pressed.data)
        awaited = await asyncio.to_thread(_awaited, pressed)
        try:
            token = await asyncio.to_thread(self._timestamps.stamper, awaited.digest, awaited.digest_name)
            return Raised(await self.completed(pressed, token, trust), "done")
        except Unavailable:
            if not may_wait or not await self._timestamps.pending.may_go_without():
                raise
        return Raised(pressed.data, "pending", awaited)

    async def defer(self, session: AsyncSession, raised: Sequence[Raised], document_refs: Sequence[str]) -> None:
        """Write down, in the transaction that records the files, which stamps are missing."""
        for each, document_ref in zip(raised, document_refs, strict=True):
            if each.missing is not None:
                awaited, since = each.missing, self._clock()
                missing = MissingTimestamp(awaited.digest_name, awaited.digest, document_ref, since)
                await self._timestamps.pending.defer(session, missing)

    async def completed(self, pressed: Pressed, token: bytes, trust: TrustStore) -> bytes:
        """The file with the stamp that it waits for and whatever else its level wants, checked as of now.

        Raises `Unavailable` when the document time stamp cannot be had, `IntegrityError` when the result does not hold,
        `Conflict` when the file does not wait for this stamp.
        """
        return await asyncio.to_thread(self._complete, pressed, token, trust)

    def _complete(self, pressed: Pressed, token: bytes, trust: TrustStore) -> bytes:
        if pressed.format == "ofd":
            data = add_timestamp(pressed.data, last_seal(pressed.data), token)
        else:
            data = self._complete_pdf(pressed, token, trust)
        _check(data, trust, self._clock())
        return data

    def _complete_pdf(self, pressed: Pressed, token: bytes, trust: TrustStore) -> bytes:
        pdf, stamper = complete_timestamp(pressed.data, token), self._timestamps.stamper
        if pressed.level in WITH_EVIDENCE:
            pdf = add_evidence(pdf, collect_evidence(pdf, trust, self._clock()))
        if pressed.level == "B-LTA":
            pdf = add_document_timestamp(pdf, lambda digest, _kind: stamper(digest, "sha256"))
        return pdf


def _awaited(pressed: Pressed) -> AwaitedStamp:
    if pressed.format == "ofd":
        return AwaitedStamp(digest_to_stamp(pressed.data, last_seal(pressed.data)), "sm3")
    digest, digest_name = awaited_stamps(pressed.data)[-1]
    return AwaitedStamp(digest, digest_name)


def _check(data: bytes, trust: TrustStore, at: datetime) -> None:
    report = validate_document(data, trust, at=at)
    last = report.signatures[-1] if report.signatures else None
    if last is None or last.verdict.indication is not Indication.PASSED or last.time.source != "timestamp":
        reason = str(last.verdict if last else report.verdict)
        raise IntegrityError("The sealed file did not pass our own check.", reason=reason)
