"""The standing of seals and the trust behind them, as verifiers take it (状态发布)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from kernel.clock import Clock
from kernel.crypto.certificates import Certificate
from kernel.database.engine import Database
from kernel.errors import NotFound
from seal.authority.outside.lists import OutsideLists
from seal.authority.service import Authority
from seal.seals.bindings import Bindings
from seal.seals.records import SealRow, find_seal
from seal.seals.seal import Seal
from seal.seals.status_list import SealStatusList
from seal.validation.trust import PublishedStatuses, SealState, SealStatus, TrustStore

SEEN_FOR = timedelta(seconds=1)
LIST_KEPT_FOR = timedelta(minutes=10)
SignStatus = Callable[[Mapping[str, object]], Awaitable[str]]
_PUBLIC_STATES = frozenset({"active", "suspended", "replaced", "revoked"})
_PUBLISHED: Mapping[str, SealState] = {"active": "active", "suspended": "suspended", "revoked": "revoked"}


@dataclass(frozen=True)
class _Seen:
    store: TrustStore
    at: datetime


@dataclass(frozen=True)
class _KeptList:
    standings: Mapping[str, SealStatus]
    made_at: datetime
    token: str


class SealPublication:
    """A change made in this process shows at once, one made in another within a second."""

    def __init__(
        self,
        database: Database,
        authority: Authority,
        clock: Clock,
        outside_lists: OutsideLists,
        *,
        timestamp_anchors: tuple[Certificate, ...] = (),
        makers: TrustStore | None = None,
    ) -> None:
        """`timestamp_anchors`: the roots of an outside time-stamp authority, trusted for time stamps alone. `makers`:
        other systems whose seals are believed."""
        self._database = database
        self._authority = authority
        self._clock = clock
        self._outside_lists = outside_lists
        self._timestamp_anchors = timestamp_anchors
        self._makers = makers or TrustStore()
        self._seen: _Seen | None = None
        self._kept_list: _KeptList | None = None

    async def trust_store(self) -> TrustStore:
        """Anchors, issuing authorities, revocation lists, and the standing of every seal of the register."""
        now = self._clock()
        if self._seen and timedelta() <= now - self._seen.at < SEEN_FOR:
            return self._seen.store
        statuses = await self._statuses()
        await self._authority.outside.refresh()
        await self._outside_lists.refresh()
        store = TrustStore(
            anchors=(*self._authority.trust_anchors(), *self._makers.anchors),
            signer_anchors=tuple(each for each in self._authority.outside.roots if each not in self._makers.anchors),
            intermediates=(*self._authority.intermediates(), *self._makers.intermediates),
            crls=(*await self._authority.crls(), *self._outside_lists.current, *self._makers.crls),
            seal_status=PublishedStatuses(statuses),
            timestamp_anchors=self._timestamp_anchors,
        )
        self._seen = _Seen(store, now)
        return store

    async def status_list(self, sign: SignStatus, issuer: str) -> str:
        """The signed list of all standings: made anew when one has changed, and often enough never to be old."""
        now, standings = self._clock(), await self._statuses(made_here=True)
        kept = self._kept_list
        if kept is None or kept.standings != standings or not timedelta() <= now - kept.made_at < LIST_KEPT_FOR:
            token = await sign(SealStatusList.now(issuer, standings, now).to_claims())
            kept = self._kept_list = _KeptList(standings, now, token)
        return kept.token

    async def standing(self, id_or_code: str) -> Seal:
        """A seal that was put to use, for anybody who asks; raises NotFound for any other."""
        async with self._database.reading() as session:
            row = await find_seal(session, id_or_code)
        if row is None or row.state not in _PUBLIC_STATES or row.esl is None or row.origin != "made":
            raise NotFound("There is no such seal.")
        return Seal.of(row, self._clock())

    async def published_seals(self) -> list[Seal]:
        """Every seal that was ever put to use, by code."""
        used = SealRow.esl.is_not(None), SealRow.approved_at.is_not(None)
        statement = select(SealRow).where(*used).order_by(SealRow.code)
        async with self._database.reading() as session:
            return [Seal.of(row, self._clock()) for row in (await session.scalars(statement)).all()]

    def forget(self) -> None:
        """Read anew: something changed here."""
        self._seen = None
        self._authority.forget_crls()

    async def _statuses(self, *, made_here: bool = False) -> dict[str, SealStatus]:
        columns = SealRow.code, SealRow.state, SealRow.state_since, SealRow.holds_code, SealRow.origin, SealRow.bindings
        # A seal that gave its code away goes on vouching for what it sealed; one that was turned down never did.
        counts = or_(SealRow.holds_code, SealRow.approved_at.is_not(None))
        statement = select(*columns).where(SealRow.esl.is_not(None), counts)
        if made_here:  # of others' seals their own registers speak
            statement = statement.where(SealRow.origin == "made")
        async with self._database.reading() as session:
            rows = (await session.execute(statement)).all()
        bound: dict[str, Bindings] = {}
        for code, _state, _since, _holds, _origin, kept in rows:
            bound[code] = bound.get(code, Bindings()).joined(Bindings.read(kept))
        return {
            code: _status(state, since, bound[code], all_told=origin == "made")
            for code, state, since, holds_code, origin, _kept in rows
            if holds_code and state in _PUBLISHED
        }


def _status(state: str, since: datetime, bound: Bindings, *, all_told: bool) -> SealStatus:
    return SealStatus(
        _PUBLISHED[state],
        since,
        seals=frozenset(bound.seals),
        makers=frozenset(bound.makers),
        signers=frozenset(bound.signers),
        all_told=all_told,
    )
