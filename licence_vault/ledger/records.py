"""Rows of the transparency log, and the queries on them.

Leaves and nodes are only ever added; the head changes under its lock alone. What the tree does not cover of a leaf
(whose it is, when) is tied to it by the salt's encryption: see `sealing`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Integer, LargeBinary, String, Text, and_, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.database.schema import UTCDateTime, sealed
from licence_vault.ledger.entries import LeafKind
from licence_vault.ledger.merkle import Node
from licence_vault.schema import Base

THE_HEAD = 1


class LedgerLeafRow(Base):
    """A leaf. `commitment` is the public entry; `content` and `salt` (encrypted) open it and are NULL once erased."""

    __tablename__ = "vault_ledger_leaf"

    index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    commitment: Mapped[bytes] = mapped_column(LargeBinary(32))
    kind: Mapped[str] = mapped_column(String(16))
    subject_ref: Mapped[str] = mapped_column(String(64), index=True)
    content: Mapped[bytes | None] = mapped_column(LargeBinary(256))
    salt: Mapped[bytes | None] = mapped_column(
        LargeBinary(256), info=sealed("vault_ledger_leaf.salt:{subject_ref}:{kind}:{at}")
    )
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class LedgerNodeRow(Base):
    """The hash of a complete subtree of 2^level leaves, level 1 and up (level 0 are the leaves themselves)."""

    __tablename__ = "vault_ledger_node"

    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class LedgerHeadRow(Base):
    """The one head: how many leaves there are, and the tree's right edge, encrypted so that nobody else can move it."""

    __tablename__ = "vault_ledger_head"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)
    edge: Mapped[bytes] = mapped_column(LargeBinary(4096), info=sealed("vault_ledger_head.edge:{size}"))


class LedgerCheckpointRow(Base):
    """A checkpoint that was signed and may be in the hands of others."""

    __tablename__ = "vault_ledger_checkpoint"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    note: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UTCDateTime)


@dataclass(frozen=True, slots=True)
class StoredLeaf:
    """A leaf's columns, as one reads many of them."""

    index: int
    leaf_hash: bytes
    commitment: bytes
    kind: str
    subject_ref: str
    content: bytes | None
    salt: bytes | None
    at: datetime


_LEAF = select(
    LedgerLeafRow.index,
    LedgerLeafRow.leaf_hash,
    LedgerLeafRow.commitment,
    LedgerLeafRow.kind,
    LedgerLeafRow.subject_ref,
    LedgerLeafRow.content,
    LedgerLeafRow.salt,
    LedgerLeafRow.at,
)


def add_leaves(session: Session, leaves: Sequence[dict[str, object]], nodes: Sequence[dict[str, object]]) -> None:
    """Insert leaves and the inner nodes that they complete."""
    session.execute(insert(LedgerLeafRow), leaves)
    if nodes:
        session.execute(insert(LedgerNodeRow), nodes)


def lock_head(session: Session) -> LedgerHeadRow | None:
    """The head, held until the transaction ends (on SQLite the write lock already holds it)."""
    return session.scalars(
        select(LedgerHeadRow).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()


def create_head(session: Session, edge: bytes) -> bool:
    """The head of an empty log, locked; False if somebody was quicker."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    new = dialect.insert(LedgerHeadRow).values(id=THE_HEAD, size=0, edge=edge).on_conflict_do_nothing()
    return session.scalar(new.returning(LedgerHeadRow.id)) is not None


def move_head(session: Session, size: int, edge: bytes) -> None:
    """Set the head, which must be locked."""
    session.execute(update(LedgerHeadRow).where(LedgerHeadRow.id == THE_HEAD).values(size=size, edge=edge))


def has_leaves(session: Session) -> bool:
    """Whether there is any leaf, headed or not."""
    return session.scalar(select(LedgerLeafRow.index).limit(1)) is not None


async def load_head(session: AsyncSession) -> LedgerHeadRow | None:
    """The head as it is now, not locked."""
    return (await session.scalars(select(LedgerHeadRow).where(LedgerHeadRow.id == THE_HEAD))).one_or_none()


async def find_leaf(session: AsyncSession, subject_ref: str, kinds: Sequence[LeafKind]) -> StoredLeaf | None:
    """The newest leaf of one of these kinds about this subject."""
    found = await session.execute(
        _LEAF.where(LedgerLeafRow.subject_ref == subject_ref, LedgerLeafRow.kind.in_(kinds))
        .order_by(LedgerLeafRow.index.desc())
        .limit(1)
    )
    row = found.one_or_none()
    return StoredLeaf(*row) if row else None


async def leaf_at(session: AsyncSession, index: int) -> StoredLeaf | None:
    """The leaf in this place."""
    row = (await session.execute(_LEAF.where(LedgerLeafRow.index == index))).one_or_none()
    return StoredLeaf(*row) if row else None


async def leaves_after(session: AsyncSession, last: int | None, limit: int) -> list[StoredLeaf]:
    """The next leaves by their index, from the first one that there is."""
    following = _LEAF if last is None else _LEAF.where(LedgerLeafRow.index > last)
    rows = await session.execute(following.order_by(LedgerLeafRow.index).limit(limit))
    return [StoredLeaf(*row) for row in rows]


async def load_hashes(session: AsyncSession, nodes: Iterable[Node]) -> dict[Node, bytes]:
    """The stored hashes of these subtrees; what is not stored is not in the answer."""
    wanted = set(nodes)
    leaves = [node.place for node in wanted if node.level == 0]
    inner = [node for node in wanted if node.level]
    found: dict[Node, bytes] = {}
    if leaves:
        rows = await session.execute(
            select(LedgerLeafRow.index, LedgerLeafRow.leaf_hash).where(LedgerLeafRow.index.in_(leaves))
        )
        found |= {Node(0, index): leaf_hash for index, leaf_hash in rows}
    if inner:
        stored = await session.execute(
            select(LedgerNodeRow.level, LedgerNodeRow.index, LedgerNodeRow.hash).where(
                # Not a row-value IN, for which SQLite reads the whole table.
                or_(*(and_(LedgerNodeRow.level == node.level, LedgerNodeRow.index == node.place) for node in inner))
            )
        )
        found |= {Node(level, index): hash_ for level, index, hash_ in stored}
    return found


async def load_run(session: AsyncSession, level: int, begin: int, end: int) -> dict[Node, bytes]:
    """The stored hashes of one level from index `begin` up to, not including, `end`, in order."""
    if level == 0:
        leaves = await session.execute(
            select(LedgerLeafRow.index, LedgerLeafRow.leaf_hash)
            .where(LedgerLeafRow.index >= begin, LedgerLeafRow.index < end)
            .order_by(LedgerLeafRow.index)
        )
        return {Node(0, index): hash_ for index, hash_ in leaves}
    nodes = await session.execute(
        select(LedgerNodeRow.index, LedgerNodeRow.hash)
        .where(LedgerNodeRow.level == level, LedgerNodeRow.index >= begin, LedgerNodeRow.index < end)
        .order_by(LedgerNodeRow.index)
    )
    return {Node(level, index): hash_ for index, hash_ in nodes}


async def load_commitments(session: AsyncSession, begin: int, end: int) -> list[bytes]:
    """The public entries from index `begin` up to, not including, `end`."""
    return list(
        await session.scalars(
            select(LedgerLeafRow.commitment)
            .where(LedgerLeafRow.index >= begin, LedgerLeafRow.index < end)
            .order_by(LedgerLeafRow.index)
        )
    )


async def find_checkpoint(session: AsyncSession, size: int) -> LedgerCheckpointRow | None:
    """The checkpoint of exactly this size, if one was signed."""
    return await session.get(LedgerCheckpointRow, size)


async def latest_checkpoint(session: AsyncSession) -> LedgerCheckpointRow | None:
    """The largest checkpoint that was signed."""
    return await session.scalar(select(LedgerCheckpointRow).order_by(LedgerCheckpointRow.size.desc()).limit(1))


async def keep_checkpoint(
    session: AsyncSession, size: int, root: bytes, note: str, at: datetime
) -> LedgerCheckpointRow:
    """Store a checkpoint; if one of this size is there already, that one is the answer."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    await session.execute(
        dialect.insert(LedgerCheckpointRow).values(size=size, root=root, note=note, at=at).on_conflict_do_nothing()
    )
    return (await session.scalars(select(LedgerCheckpointRow).where(LedgerCheckpointRow.size == size))).one()


async def erase_openings(session: AsyncSession, subject_ref: str) -> None:
    """Drop what opens the leaves about this subject."""
    await session.execute(
        update(LedgerLeafRow).where(LedgerLeafRow.subject_ref == subject_ref).values(content=None, salt=None)
    )


async def checkpoint_sizes(session: AsyncSession, begin: int, end: int) -> list[int]:
    """Sizes of checkpoints larger than `begin` and no larger than `end`."""
    sizes = await session.scalars(
        select(LedgerCheckpointRow.size).where(LedgerCheckpointRow.size > begin, LedgerCheckpointRow.size <= end)
    )
    return list(sizes)


async def checkpoints_between(session: AsyncSession, begin: int, end: int) -> list[LedgerCheckpointRow]:
    """Checkpoints larger than `begin` and no larger than `end`, smallest first."""
    rows = await session.scalars(
        select(LedgerCheckpointRow)
        .where(LedgerCheckpointRow.size > begin, LedgerCheckpointRow.size <= end)
        .order_by(LedgerCheckpointRow.size)
    )
    return list(rows)


async def count_derived(session: AsyncSession) -> tuple[int, int]:
    """How many inner nodes and how many checkpoints are stored."""
    nodes = await session.scalar(select(func.count()).select_from(LedgerNodeRow))
    checkpoints = await session.scalar(select(func.count()).select_from(LedgerCheckpointRow))
    return nodes or 0, checkpoints or 0
