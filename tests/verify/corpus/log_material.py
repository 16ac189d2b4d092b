"""A log of seven leaves in memory, and the proof of one of them."""

import base64
from dataclasses import dataclass, field

from licence_vault.ledger.checkpoints import Checkpoint, NoteSignature, key_id, load_log_key, sign_line
from licence_vault.ledger.entries import LedgerEntry, Opening
from licence_vault.ledger.merkle import Head
from licence_vault.ledger.proofs import InclusionProof
from tests.licence_vault.ledger import definition
from tests.licence_vault.ledger.world import LogKey, digest_of

ORIGIN = "licences.example/log"
LEAVES, LEAF, OTHER_LEAF = 7, 3, 4


@dataclass
class SampleLog:
    """Made from the definitions of RFC 9162, not by the house's tree."""

    key: LogKey = field(default_factory=LogKey)

    def __post_init__(self) -> None:
        entries = [LedgerEntry("sealed", f"licence-{number}", digest_of(f"file {number}")) for number in range(LEAVES)]
        self.openings = [Opening.of(entry) for entry in entries]
        self.commitments = [each.commitment for each in self.openings]
        self.head = Head(LEAVES, definition.mth(self.commitments))
        note = self.signed(Checkpoint(ORIGIN, self.head))
        self.proof, self.other = (self._proof(number, note) for number in (LEAF, OTHER_LEAF))
        self.older = self.signed(Checkpoint(ORIGIN, Head(5, definition.mth(self.commitments[:5]))))

    def signed(self, checkpoint: Checkpoint) -> str:
        """A note by the log's key."""
        signature = self.key.sign(checkpoint.body.encode())
        return f"{checkpoint.body}\n{sign_line(checkpoint, signature, [self.key.spki])}"

    def _proof(self, number: int, note: str) -> InclusionProof:
        path = tuple(definition.path(number, self.commitments))
        return InclusionProof(number, LEAVES, self.commitments[number], path, note, self.openings[number])

    @property
    def digest(self) -> bytes:
        """Of the file that the proof is for."""
        return digest_of(f"file {LEAF}")

    @property
    def path(self) -> list[str]:
        """In hex."""
        return [each.hex() for each in self.proof.path]

    def with_root(self, root: bytes) -> str:
        """The checkpoint with another root under the same signature."""
        old = base64.b64encode(self.head.root).decode()
        return self.proof.checkpoint.replace(old, base64.b64encode(root).decode())

    def with_size(self, size: int | str) -> str:
        """The checkpoint with another size under the same signature."""
        return self.proof.checkpoint.replace(f"\n{self.head.size}\n", f"\n{size}\n", 1)

    def with_signature(self, signature: bytes) -> str:
        """The checkpoint under other bytes."""
        line = NoteSignature(ORIGIN, key_id(ORIGIN, load_log_key(self.key.spki)), signature).line
        return Checkpoint(ORIGIN, self.head).body + "\n" + line

    @property
    def strangers_line(self) -> str:
        """A signature line by nobody known under the log's name."""
        stranger = LogKey()
        signature = stranger.sign(Checkpoint(ORIGIN, self.head).body.encode())
        return NoteSignature(ORIGIN, key_id(ORIGIN, load_log_key(stranger.spki)), signature).line
