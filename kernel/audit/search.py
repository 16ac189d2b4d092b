"""Reading the audit trail for those who audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.audit.records import AuditEventRow


@dataclass(frozen=True)
class AuditQuery:
    """What to look for; an empty field matches everything. `before` is the key of the last row of the page before."""

    action: str = ""
    actor_id: str = ""
    subject_ref: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, str, int] | None = None
    limit: int = 50


async def search_events(session: AsyncSession, query: AuditQuery) -> Sequence[AuditEventRow]:
    """Newest first, at most `query.limit` rows."""
    statement = select(AuditEventRow)
    if query.action:
        statement = statement.where(AuditEventRow.action.startswith(query.action, autoescape=True))
    if query.actor_id:
        statement = statement.where(AuditEventRow.actor_id == query.actor_id)
    if query.subject_ref:
        statement = statement.where(AuditEventRow.subject_ref == query.subject_ref)
    if query.since:
        statement = statement.where(AuditEventRow.at >= query.since)
    if query.until:
        statement = statement.where(AuditEventRow.at < query.until)
    if query.before:
        at, chain, sequence = query.before
        key = (AuditEventRow.at, AuditEventRow.chain, AuditEventRow.sequence)
        statement = statement.where(tuple_(*key) < tuple_(at, chain, sequence))
    statement = statement.order_by(
        AuditEventRow.at.desc(), AuditEventRow.chain.desc(), AuditEventRow.sequence.desc()
    ).limit(min(query.limit, 500))
    return (await session.scalars(statement)).all()


async def count_events(session: AsyncSession) -> int:
    """How many events there are."""
    return (await session.execute(select(func.count()).select_from(AuditEventRow))).scalar_one()
