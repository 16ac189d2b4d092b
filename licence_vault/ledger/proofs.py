"""A proof that the log holds an entry, as JSON and as C2SP tlog-proof. Pure."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernel.errors import InvalidInput
from licence_vault.ledger.entries import DIGEST_BYTES, KINDS, SALT_BYTES, Opening, split_digests
from licence_vault.ledger.merkle import HASH_BYTES, hash_leaf

TLOG_PROOF = "c2sp.org/tlog-proof@v1"
MAX_INDEX = 2**63
MAX_PATH = 63


class InvalidProof(InvalidInput):
    """The proof cannot be read, or does not prove what it should."""

    code = "invalid-proof"


@dataclass(frozen=True)
class InclusionProof:
    """Leaf `index` holds `entry` in the tree of `tree_size` leaves whose root the `checkpoint` gives.

    `path` leads from the leaf's neighbour to the root's child. `opening` says what the entry means; without one (it was
    erased, or the asker may not know) the proof still holds. Read from outside, none of this is verified yet.
    """

    index: int
    tree_size: int
    entry: bytes
    path: tuple[bytes, ...]
    checkpoint: str
    opening: Opening | None = None

    @property
    def leaf_hash(self) -> bytes:
        """The hash of the leaf."""
        return hash_leaf(self.entry)

    def to_json(self) -> dict[str, Any]:
        """Hashes in lower-case hex; the checkpoint as text."""
        document: dict[str, Any] = {
            "index": self.index,
            "tree_size": self.tree_size,
            "entry": self.entry.hex(),
            "leaf_hash": self.leaf_hash.hex(),
            "path": [each.hex() for each in self.path],
            "checkpoint": self.checkpoint,
        }
        if self.opening:
            document["opening"] = {
                "salt": self.opening.salt.hex(),
                "kind": self.opening.kind,
                "digests": [digest.hex() for digest in self.opening.digests],
            }
        return document

    def to_tlog_proof(self) -> str:
        """The `.tlog-proof` text; `extra` carries the entry and its opening as JSON, as `to_json` writes them."""
        extra = {name: value for name, value in self.to_json().items() if name in ("entry", "opening")}
        lines = [
            TLOG_PROOF,
            f"extra {_base64(json.dumps(extra, separators=(',', ':')).encode())}",
            f"index {self.index}",
            *map(_base64, self.path),
        ]
        return "\n".join([*lines, "", self.checkpoint])


def read_proof(document: Mapping[str, Any]) -> InclusionProof:
    """Read what `to_json` wrote; raises InvalidProof. Whether it proves anything is for `verification` to say."""
    path, checkpoint = document.get("path"), document.get("checkpoint")
    if not isinstance(path, list) or len(path) > MAX_PATH or not isinstance(checkpoint, str):
        raise _unreadable("path or checkpoint")
    opening = document.get("opening")
    proof = InclusionProof(
        index=_number(document.get("index")),
        tree_size=_number(document.get("tree_size")),
        entry=_bytes(document.get("entry"), DIGEST_BYTES),
        path=tuple(_bytes(each, HASH_BYTES) for each in path),
        checkpoint=checkpoint,
        opening=None if opening is None else _read_opening(opening),
    )
    if document.get("leaf_hash", proof.leaf_hash.hex()) != proof.leaf_hash.hex():
        raise _unreadable("leaf_hash is not the entry's")
    return proof


def read_tlog_proof(text: str) -> InclusionProof:
    """Read what `to_tlog_proof` wrote; raises InvalidProof. Its tree size is what the checkpoint claims."""
    head, _, checkpoint = text.partition("\n\n")
    name, *lines = head.split("\n")
    if name != TLOG_PROOF or len(lines) < 2 or not lines[0].startswith("extra ") or not lines[1].startswith("index "):
        raise _unreadable("not a tlog-proof with extra data")
    try:
        extra = json.loads(_from_base64(lines[0].removeprefix("extra ")))
    except (ValueError, RecursionError) as failure:
        raise _unreadable("extra") from failure
    if not isinstance(extra, dict):
        raise _unreadable("extra")
    claims = {
        "index": _decimal(lines[1].removeprefix("index ")),
        "tree_size": _decimal(checkpoint.partition("\n")[2].partition("\n")[0]),
        "path": [_from_base64(line).hex() for line in lines[2:]],
        "checkpoint": checkpoint,
    }
    return read_proof({name: extra.get(name) for name in ("entry", "opening")} | claims)


def _read_opening(value: object) -> Opening:
    if not isinstance(value, dict):
        raise _unreadable("opening")
    kind = next((known for known in KINDS if known == value.get("kind")), None)
    digests = value.get("digests")
    if kind is None or not isinstance(digests, list):
        raise _unreadable("opening")
    content = b"".join(_bytes(each, DIGEST_BYTES) for each in digests)
    try:
        split_digests(content)
    except ValueError as failure:
        raise _unreadable("digests") from failure
    return Opening(_bytes(value.get("salt"), SALT_BYTES), kind, content)


def _bytes(value: object, length: int) -> bytes:
    try:
        data = bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError as failure:
        raise _unreadable("not hex") from failure
    if len(data) != length or data.hex() != value:
        raise _unreadable("not lower-case hex of the right length")
    return data


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < MAX_INDEX:
        raise _unreadable("not a number")
    return value


def _decimal(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 19) or str(int(text)) != text:
        raise _unreadable("not a number")
    return int(text)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as failure:
        raise _unreadable("not base64") from failure


def _unreadable(reason: str) -> InvalidProof:
    return InvalidProof("The proof cannot be read.", reason=reason)
