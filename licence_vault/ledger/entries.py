"""What a leaf says, and how little of it shows. Pure.

The public log holds commitments alone: SHA-256(salt ‖ kind ‖ content), the salt 32 random bytes kept in the vault. Who
is given the salt can open the commitment; without it a leaf tells nothing, not even its kind. Erasing the salt erases
what the leaf meant and leaves the tree whole.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Literal, get_args

LeafKind = Literal["issued", "sealed", "status", "copied"]
"""`issued`: a licence's content, before rendering; `sealed`: its sealed files; `status`: a change of its standing;
`copied`: a purpose-bound copy, whose own id is the subject."""

KINDS: tuple[LeafKind, ...] = get_args(LeafKind)
DIGEST_BYTES = 32
SALT_BYTES = 32
MAX_DIGESTS = 8


@dataclass(frozen=True)
class LedgerEntry:
    """What goes into the log about the thing that `subject_ref` names (an opaque licence id, kept in the vault).

    `content` is one SHA-256 digest or several behind one another, at most 8: what somebody who holds the document can
    compute again, for example the digests of the sealed OFD and PDF. No personal data. Raises ValueError.
    """

    kind: LeafKind
    subject_ref: str
    content: bytes

    def __post_init__(self) -> None:
        if self.kind not in KINDS or not self.subject_ref:
            raise ValueError("an entry has a known kind and names its subject")
        split_digests(self.content)


@dataclass(frozen=True)
class Opening:
    """What opens a commitment. To be given only to those who may know what the leaf is about."""

    salt: bytes
    kind: LeafKind
    content: bytes

    @classmethod
    def of(cls, entry: LedgerEntry) -> "Opening":
        """An opening with a fresh salt."""
        return cls(secrets.token_bytes(SALT_BYTES), entry.kind, entry.content)

    @property
    def commitment(self) -> bytes:
        """The leaf's entry. Unambiguous, since the salt and every kind have one length."""
        return hashlib.sha256(self.salt + self.kind.encode() + self.content).digest()

    @property
    def digests(self) -> list[bytes]:
        """The digests that the leaf speaks of."""
        return split_digests(self.content)


def split_digests(content: bytes) -> list[bytes]:
    """The digests in `content`; raises ValueError if it is not one to eight of them."""
    count, rest = divmod(len(content), DIGEST_BYTES)
    if rest or not 1 <= count <= MAX_DIGESTS:
        raise ValueError("the content of an entry is one to eight SHA-256 digests")
    return [content[at : at + DIGEST_BYTES] for at in range(0, len(content), DIGEST_BYTES)]
