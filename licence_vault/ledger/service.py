"""The transparency log: adding to it, signing its state, proving what is in it, serving and checking it."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.errors import IntegrityError, NotFound
from licence_vault.ledger import checking, records
from licence_vault.ledger.checkpoints import Checkpoint, check_origin, sign_line, verifier_key
from licence_vault.ledger.entries import KINDS, LeafKind, LedgerEntry
from licence_vault.ledger.merkle import (
    Edge,
    Head,
    assemble,
    consistency_spans,
    inclusion_spans,
    verify_consistency,
    verify_inclusion,
)
from licence_vault.ledger.proofs import InclusionProof
from licence_vault.ledger.sealing import LedgerSeal
from licence_vault.ledger.sequencing import PendingLeaf, Sequencer
from licence_vault.ledger.tiles import TileAddress, entry_bundle, no_such_tile
from seal.client import SealerKey

DOES_NOT_HOLD = "The records of the log do not fit together. The operator must check them."


class CheckpointSealer(Protocol):
    """What the log asks of `seal.client.Sealer`."""

    async def sign_checkpoint(self, note: bytes) -> bytes:
        """The Ed25519 signature over a checkpoint's text."""
        ...

    async def public_keys(self) -> Sequence[SealerKey]:
        """The published keys; those of purpose "checkpoint" check what `sign_checkpoint` made."""
        ...


class Ledger:
    """One log, named by its `origin` (address without scheme, for example `licences.example/log`)."""

    def __init__(
        self, database: Database, sealer: CheckpointSealer, clock: Clock, origin: str, *, envelope: Envelope
    ) -> None:
        """`envelope` encrypts salts and ties the head to this system. Raises ConfigurationError for a bad origin."""
        self.origin = check_origin(origin)
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._seal = LedgerSeal(envelope)
        self._sequencer = Sequencer(self._seal, clock)
        self._signing = asyncio.Lock()

    async def append(self, session: AsyncSession, entry: LedgerEntry) -> PendingLeaf:
        """Add `entry` to the log in the transaction of `session`: both become durable or neither does.

        The leaf's index is known when the transaction has ended. May be called anywhere in it, before or after
        `AuditTrail.record`.
        """
        return self._sequencer.add(session, entry)

    async def erase(self, session: AsyncSession, subject_ref: str) -> None:
        """Make what the log holds about a subject unreadable for good; the tree and all proofs of it stay."""
        await records.erase_openings(session, subject_ref)

    async def checkpoint(self) -> str:
        """The log's present state as a signed note (C2SP tlog-checkpoint). Made once for each size, then kept.

        Raises IntegrityError rather than sign what does not continue the last checkpoint.
        """
        async with self._database.reading() as session:
            head = await records.load_head(session)
            stored = await records.find_checkpoint(session, head.size if head else 0)
        if stored:
            return stored.note
        async with self._signing:
            return (await self._sign_head()).note

    async def proof(self, subject_ref: str, *, kind: LeafKind | None = None) -> InclusionProof:
        """The proof, with its opening, for the newest leaf about a subject: of this kind, else a sealed one if any.

        Raises NotFound.
        """
        async with self._database.reading() as session:
            leaf = await records.find_leaf(session, subject_ref, [kind] if kind else ["sealed"])
            if leaf is None and kind is None:
                leaf = await records.find_leaf(session, subject_ref, KINDS)
        if leaf is None:
            raise NotFound("There is no such entry in the log.")
        return await self._prove(leaf, reveal=True)

    async def proof_at(self, index: int) -> InclusionProof:
        """The proof for the leaf at `index`, without its opening: anyone may count. Raises NotFound."""
        async with self._database.reading() as session:
            leaf = await records.leaf_at(session, index)
        if leaf is None:
            raise NotFound("There is no such entry in the log.")
        return await self._prove(leaf, reveal=False)

    async def tile(self, address: TileAddress) -> bytes:
        """The hashes of a tile, 32 bytes each (C2SP tlog-tiles). Raises NotFound."""
        async with self._database.reading() as session:
            await _require_tile(session, address)
            hashes = await records.load_run(session, address.node_level, address.begin, address.end)
        return b"".join(_whole(list(hashes.values()), address))

    async def entries(self, address: TileAddress) -> bytes:
        """The commitments of an entry bundle (C2SP tlog-tiles). Raises NotFound."""
        async with self._database.reading() as session:
            await _require_tile(session, address)
            commitments = await records.load_commitments(session, address.begin, address.end)
        return entry_bundle(_whole(commitments, address))

    async def check(self, *, known_checkpoints: Sequence[str] = ()) -> checking.LedgerVerdict:
        """Recompute the whole log from its leaves; see `checking`.

        `known_checkpoints` are signed notes that somebody kept elsewhere: only they show that the whole database was
        put back to an earlier moment.
        """
        keys = await self._keys()
        return await checking.check_log(
            self._database, self._seal, checking.LogIdentity(self.origin, keys), known_checkpoints
        )

    async def verifier_keys(self) -> list[str]:
        """The log's keys as monitors and witnesses are told them (`name+keyid+base64`)."""
        return [verifier_key(self.origin, key) for key in await self._keys()]

    async def _keys(self) -> tuple[bytes, ...]:
        return tuple(key.spki for key in await self._sealer.public_keys() if key.purpose == "checkpoint")

    async def _sign_head(self) -> records.LedgerCheckpointRow:
        async with self._database.reading() as session:
            edge = self._seal.open_edge(await records.load_head(session))
            latest = await records.latest_checkpoint(session)
            if latest and latest.size == edge.size and latest.root == edge.root:
                return latest
            if latest:
                await _require_growth(session, Head(latest.size, latest.root), edge)
        checkpoint = Checkpoint(self.origin, Head(edge.size, edge.root))
        signature = await self._sealer.sign_checkpoint(checkpoint.body.encode())
        note = f"{checkpoint.body}\n{sign_line(checkpoint, signature, await self._keys())}"
        async with self._database.transaction() as session:
            kept = await records.keep_checkpoint(session, edge.size, edge.root, note, self._clock())
        if kept.root != edge.root:
            raise IntegrityError(DOES_NOT_HOLD, reason=f"two roots for size {edge.size}")
        return kept

    async def _prove(self, leaf: records.StoredLeaf, *, reveal: bool) -> InclusionProof:
        head, note = await self._covering(leaf.index)
        spans = inclusion_spans(leaf.index, head.size)
        async with self._database.reading() as session:
            hashes = await records.load_hashes(session, (node for each in spans for node in each))
        opening = self._seal.open_leaf(leaf) if reveal else None
        try:
            path = assemble(spans, hashes)
        except KeyError as failure:
            raise IntegrityError(DOES_NOT_HOLD, reason=f"node {failure} is missing") from failure
        proof = InclusionProof(leaf.index, head.size, leaf.commitment, tuple(path), note, opening)
        if not verify_inclusion(leaf.index, head.size, proof.leaf_hash, path, head.root):
            raise IntegrityError(DOES_NOT_HOLD, reason=f"no proof for leaf {leaf.index}")
        return proof

    async def _covering(self, index: int) -> tuple[Head, str]:
        """A checkpoint with this leaf in it: the last one that was signed, or a new one."""
        async with self._database.reading() as session:
            kept = await records.latest_checkpoint(session)
        if kept is None or kept.size <= index:
            async with self._signing:
                kept = await self._sign_head()
        return Head(kept.size, kept.root), kept.note


async def _require_growth(session: AsyncSession, old: Head, edge: Edge) -> None:
    """Raises IntegrityError unless the tree with this edge continues the tree that was signed last."""
    if old.size > edge.size:
        raise IntegrityError(DOES_NOT_HOLD, reason=f"{edge.size} leaves, but {old.size} were signed")
    spans = consistency_spans(old.size, edge.size)
    hashes = await records.load_hashes(session, (node for each in spans for node in each))
    try:
        holds = verify_consistency(old, Head(edge.size, edge.root), assemble(spans, hashes))
    except KeyError as failure:
        raise IntegrityError(DOES_NOT_HOLD, reason=f"node {failure} is missing") from failure
    if not holds:
        raise IntegrityError(DOES_NOT_HOLD, reason=f"size {edge.size} does not continue size {old.size}")


async def _require_tile(session: AsyncSession, address: TileAddress) -> None:
    head = await records.load_head(session)
    if head is None or not address.is_in(head.size):
        raise no_such_tile()


def _whole(parts: list[bytes], address: TileAddress) -> list[bytes]:
    if len(parts) != address.width:
        raise IntegrityError(DOES_NOT_HOLD, reason=f"tile {address.level}/{address.index} is not whole")
    return parts
