"""Checking the log's word with no server: a proof, a checkpoint and the log's public key are enough. Pure.

1. the checkpoint is signed by the log's key (C2SP signed-note) and of the log that is meant
2. the proof is about the tree of that checkpoint
3. the path leads from the entry to the checkpoint's root (RFC 9162 §2.1.3.2)
4. the opening gives the entry: SHA-256(salt ‖ kind ‖ digests)
5. the digest of the file in hand is among the opening's
The key must come from somewhere else than the log: a trust list, a contract, paper.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from licence_vault.ledger.checkpoints import open_checkpoint
from licence_vault.ledger.entries import LeafKind
from licence_vault.ledger.merkle import verify_inclusion
from licence_vault.ledger.proofs import InclusionProof, InvalidProof, read_proof, read_tlog_proof


@dataclass(frozen=True)
class ProvenEntry:
    """What is proven: this log held the entry at `index` when it had `tree_size` leaves.

    `kind` and `digests` say what the entry means; None and empty when the proof came without an opening.
    """

    origin: str
    index: int
    tree_size: int
    kind: LeafKind | None
    digests: tuple[bytes, ...]


def verify_proof(
    proof: Mapping[str, Any] | str,
    checkpoint_text: str | None,
    log_public_key: bytes,
    *,
    origin: str | None = None,
    digest: bytes | None = None,
) -> ProvenEntry:
    """Check a proof (JSON as a mapping or text, or a C2SP tlog-proof).

    `checkpoint_text`: the checkpoint to hold it against, None for the one inside. `log_public_key`: DER
    SubjectPublicKeyInfo, Ed25519. `origin`: which log is meant, None for any that the key signs for. `digest`: the
    SHA-256 of the file in hand, which the entry must speak of. Raises InvalidProof, InvalidCheckpoint, InvalidInput.
    """
    claimed = _read(proof)
    checkpoint = open_checkpoint(checkpoint_text or claimed.checkpoint, [log_public_key], origin=origin)
    size, root = checkpoint.head
    if claimed.tree_size != size:
        raise InvalidProof("The proof is for another size of the log than the checkpoint.")
    if not verify_inclusion(claimed.index, size, claimed.leaf_hash, claimed.path, root):
        raise InvalidProof("The checkpoint does not cover this entry.")
    opening = claimed.opening
    if opening and opening.commitment != claimed.entry:
        raise InvalidProof("The opening does not fit the entry.")
    digests = tuple(opening.digests) if opening else ()
    if digest is not None and digest not in digests:
        raise InvalidProof("The entry does not speak of this file.")
    return ProvenEntry(checkpoint.origin, claimed.index, size, opening.kind if opening else None, digests)


def _read(proof: Mapping[str, Any] | str) -> InclusionProof:
    if not isinstance(proof, str):
        return read_proof(proof)
    if not proof.lstrip().startswith("{"):
        return read_tlog_proof(proof)
    try:
        document = json.loads(proof)
    except (ValueError, RecursionError) as failure:
        raise InvalidProof("The proof cannot be read.", reason="not JSON") from failure
    return read_proof(document)
