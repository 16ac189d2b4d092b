"""Recomputing the whole log, in one pass over its leaves.

1. every leaf in its place: its hash is its commitment's, its opening (unless erased) fits it and belongs to its row
2. every stored inner node is what the leaves give, and there are no others
3. every checkpoint that was signed is the root over the leaves up to its size; so each continues the one before
4. the head and the edge it keeps are where the leaves end
Edited, removed, inserted and moved leaves are found, and a log cut short. A database put back whole to an earlier
moment is found when a later checkpoint, kept elsewhere, is given.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.database.engine import Database
from kernel.errors import IntegrityError, InvalidInput
from licence_vault.ledger import records
from licence_vault.ledger.checkpoints import open_checkpoint
from licence_vault.ledger.merkle import Edge, Head, Node, hash_leaf
from licence_vault.ledger.records import LedgerCheckpointRow, StoredLeaf
from licence_vault.ledger.sealing import LedgerSeal

BATCH = 8192


@dataclass(frozen=True)
class LogIdentity:
    """Which log this is: its origin and its public keys (DER SubjectPublicKeyInfo)."""

    origin: str
    keys: tuple[bytes, ...]


@dataclass(frozen=True)
class LedgerVerdict:
    """What was found: `size` and `root` as recomputed up to the first thing that does not hold.

    `problem` names it (an English msgid), `at` is the leaf, node or size where it was seen. `erased` counts leaves
    whose opening was erased: nobody can tell any more what they said.
    """

    size: int
    root: str
    checkpoints: int
    erased: int
    problem: str | None = None
    at: int | None = None

    @property
    def holds(self) -> bool:
        """Whether leaves, nodes, checkpoints and head all fit together."""
        return self.problem is None


class _Broken(Exception):
    def __init__(self, problem: str, at: int) -> None:
        self.problem, self.at = problem, at
        super().__init__(problem)


async def check_log(
    database: Database, seal: LedgerSeal, identity: LogIdentity, known_checkpoints: Sequence[str] = ()
) -> LedgerVerdict:
    """Check everything against one view of the database, in batches; hashing is done in a thread.

    Raises InvalidCheckpoint if a known checkpoint cannot be read or is not of this log.
    """
    opened = [open_checkpoint(note, identity.keys, origin=identity.origin) for note in known_checkpoints]
    check = _Check(seal, identity, [each.head for each in opened])
    async with database.reading() as session:
        if not database.is_sqlite:
            await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        try:
            await check.run(session)
        except _Broken as broken:
            return check.verdict(broken)
    return check.verdict()


class _Check:
    """One pass: the edge of the tree recomputed so far, and what was counted."""

    def __init__(self, seal: LedgerSeal, identity: LogIdentity, known: Sequence[Head]) -> None:
        self._seal = seal
        self._identity = identity
        self._known = known
        self._edge = Edge()
        self._nodes = self._checkpoints = self._erased = 0

    def verdict(self, broken: _Broken | None = None) -> LedgerVerdict:
        return LedgerVerdict(
            size=self._edge.size,
            root=self._edge.root.hex(),
            checkpoints=self._checkpoints,
            erased=self._erased,
            problem=broken.problem if broken else None,
            at=broken.at if broken else None,
        )

    async def run(self, session: AsyncSession) -> None:
        await self._check_signed(session, -1, {0: self._edge.root})
        last: int | None = None
        while leaves := await records.leaves_after(session, last, BATCH):
            begin, last = self._edge.size, leaves[-1].index
            roots = dict.fromkeys(await records.checkpoint_sizes(session, begin, begin + len(leaves)), b"")
            roots |= dict.fromkeys((size for size, _ in self._known), b"")
            computed = await asyncio.to_thread(self._grow, leaves, roots)
            await self._check_nodes(session, begin, computed)
            await self._check_signed(session, begin, roots)
        await self._check_end(session)

    def _grow(self, leaves: Sequence[StoredLeaf], roots: dict[int, bytes]) -> dict[Node, bytes]:
        """Add a batch of leaves; fills in the roots that were asked for, returns the inner nodes completed."""
        computed: dict[Node, bytes] = {}
        for leaf in leaves:
            self._check_leaf(leaf)
            computed.update(self._edge.append(leaf.leaf_hash))
            if self._edge.size in roots:
                roots[self._edge.size] = self._edge.root
        return computed

    def _check_leaf(self, leaf: StoredLeaf) -> None:
        if leaf.index != self._edge.size:
            raise _Broken("A leaf before this one is missing, or this one was inserted.", leaf.index)
        if leaf.leaf_hash != hash_leaf(leaf.commitment):
            raise _Broken("The leaf was changed.", leaf.index)
        try:
            self._erased += self._seal.open_leaf(leaf) is None
        except IntegrityError as failure:
            raise _Broken("What the vault says of this leaf was changed.", leaf.index) from failure

    async def _check_nodes(self, session: AsyncSession, begin: int, computed: Mapping[Node, bytes]) -> None:
        end = self._edge.size
        for level in range(1, end.bit_length()):
            first, behind = begin >> level, end >> level
            stored = await records.load_run(session, level, first, behind)
            for node in (Node(level, place) for place in range(first, behind)):
                if stored.get(node) != computed[node]:
                    raise _Broken("An inner node is not what its leaves give.", node.place << level)
        self._nodes += len(computed)

    async def _check_signed(self, session: AsyncSession, begin: int, roots: Mapping[int, bytes]) -> None:
        """Checkpoints larger than `begin` and no larger than the tree so far."""
        stored = await records.checkpoints_between(session, begin, self._edge.size)
        await asyncio.to_thread(self._check_notes, stored, roots)
        for size, root in self._known:
            if begin < size <= self._edge.size and root != roots[size]:
                raise _Broken("The log is not the one of the checkpoint that you know.", size)

    def _check_notes(self, stored: Sequence[LedgerCheckpointRow], roots: Mapping[int, bytes]) -> None:
        for row in stored:
            head = Head(row.size, roots[row.size])
            try:
                signed = open_checkpoint(row.note, self._identity.keys, origin=self._identity.origin)
            except InvalidInput as failure:
                raise _Broken("A stored checkpoint is not signed by this log.", row.size) from failure
            if row.root != head.root or signed.head != head:
                raise _Broken("A signed checkpoint is not the root over its leaves.", row.size)
            self._checkpoints += 1

    async def _check_end(self, session: AsyncSession) -> None:
        """What lies behind the last leaf: nothing, and the head is there."""
        size = self._edge.size
        head = await records.load_head(session)
        try:
            edge = self._seal.open_edge(head)
        except IntegrityError as failure:
            raise _Broken("The head was not set by this system.", size) from failure
        if edge.size > size:
            raise _Broken("Leaves after this one are missing.", size)
        if edge != self._edge:
            raise _Broken("The head is not where the leaves end.", size)
        nodes, checkpoints = await records.count_derived(session)
        if nodes != self._nodes:
            raise _Broken("There are inner nodes that belong to no leaf.", size)
        if checkpoints != self._checkpoints:
            raise _Broken("The log is shorter than a checkpoint that was signed.", size)
        if any(known > size for known, _ in self._known):
            raise _Broken("The log is shorter than the checkpoint that you know.", size)
