"""Raising what was sealed to the level that is wanted. The seal's key is not needed any more: whoever presses only
leaves room, so stamping may be slow, or elsewhere, or fail, without the key being in reach."""

import asyncio
from datetime import datetime

from kernel.clock import Clock
from kernel.errors import IntegrityError
from seal.documents.levels import STAMPED, WITH_EVIDENCE, PadesLevel
from seal.documents.pdf.levels import add_document_timestamp, add_evidence, awaited_stamps, complete_timestamp
from seal.timestamp.service import TimestampService
from seal.validation.pades.collecting import collect_evidence
from seal.validation.report import Indication
from seal.validation.service import validate_document
from seal.validation.trust import TrustStore


class LevelRaiser:
    """Stamps signatures in PDF files and embeds evidence."""

    def __init__(self, timestamps: TimestampService, clock: Clock) -> None:
        self._timestamps = timestamps
        self._clock = clock

    async def check(self, level: PadesLevel) -> None:
        """Whether this level can be had; raises `Unavailable` when time stamps have been missing for too long."""
        if level in STAMPED:
            await self._timestamps.pending.check()

    async def raised(self, pdf: bytes, level: PadesLevel, trust: TrustStore) -> bytes:
        """The PDF, sealed last with room for a stamp, at `level`.

        Raises `Unavailable` when nobody stamps, `IntegrityError` when the result does not hold.
        """
        if level not in STAMPED:
            return pdf
        return await asyncio.to_thread(self._raise, pdf, level, trust, self._clock())

    def _raise(self, pdf: bytes, level: PadesLevel, trust: TrustStore, at: datetime) -> bytes:
        stamper = self._timestamps.stamper
        for awaited, digest_name in awaited_stamps(pdf)[-1:]:
            pdf = complete_timestamp(pdf, stamper(awaited, digest_name))
        at = max(at, self._clock())
        if level in WITH_EVIDENCE:
            pdf = add_evidence(pdf, collect_evidence(pdf, trust, at))
        if level == "B-LTA":
            pdf = add_document_timestamp(pdf, lambda digest, _kind: stamper(digest, "sha256"))
        last = validate_document(pdf, trust, at=self._clock()).signatures[-1]
        if last.verdict.indication is not Indication.PASSED or last.time.source != "timestamp":
            raise IntegrityError("The sealed file did not pass our own check.", reason=str(last.verdict))
        return pdf
