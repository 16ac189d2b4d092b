"""The standing of seals and the trust behind them, as verifiers take it (状态发布)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from kernel.clock import Clock
from kernel.crypto.certificates import Certificate
from kernel.database.engine import Database
from seal.authority.service import Authority
from seal.seals.records import SealRow
from seal.seals.seal import Seal
from seal.validation.trust import SealState, SealStatus, TrustStore

SEEN_FOR = timedelta(seconds=1)
_PUBLISHED: Mapping[str, SealState] = {"active": "active", "suspended": "suspended", "revoked": "revoked"}


@dataclass(frozen=True)
class _Seen:
    store: TrustStore
    at: datetime


class SealPublication:
    """A change made in this process shows at once, one made in another within a second."""

    def __init__(
        self,
        database: Database,
        authority: Authority,
        clock: Clock,
        *,
        timestamp_anchors: tuple[Certificate, ...] = (),
    ) -> None:
        """`timestamp_anchors`: the roots of an outside time-stamp authority, trusted for time stamps alone."""
        self._database = database
        self._authority = authority
        self._clock = clock
        self._timestamp_anchors = timestamp_anchors
        self._seen: _Seen | None = None

    async def trust_store(self) -> TrustStore:
        """Anchors, issuing authorities, revocation lists, and the standing of every seal of the register."""
        now = self._clock()
        if self._seen and timedelta() <= now - self._seen.at < SEEN_FOR:
            return self._seen.store
        statuses = await self._statuses()
        store = TrustStore(
            anchors=self._authority.trust_anchors(),
            intermediates=self._authority.intermediates(),
            crls=await self._authority.crls(),
            seal_status=statuses.get,
            timestamp_anchors=self._timestamp_anchors,
        )
        self._seen = _Seen(store, now)
        return store

    async def published_seals(self) -> list[Seal]:
        """Every seal that was ever put to use, by code."""
        statement = select(SealRow).where(SealRow.sm2_certificate.is_not(None)).order_by(SealRow.code)
        async with self._database.reading() as session:
            return [Seal.of(row, self._clock()) for row in (await session.scalars(statement)).all()]

    def forget(self) -> None:
        """Read anew: something changed here."""
        self._seen = None
        self._authority.forget_crls()

    async def _statuses(self) -> dict[str, SealStatus]:
        statement = select(SealRow.code, SealRow.state, SealRow.state_since)
        async with self._database.reading() as session:
            rows = (await session.execute(statement)).all()
        return {code: SealStatus(_PUBLISHED[state], since) for code, state, since in rows if state in _PUBLISHED}
