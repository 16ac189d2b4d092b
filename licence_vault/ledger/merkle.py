"""Arithmetic of the Merkle tree of RFC 6962 §2.1. Pure: it holds no leaves and knows no storage.

A complete subtree of 2^level leaves is named by a `Node`; leaf `i` is `Node(0, i)`. What an append or a proof needs is
said as nodes first; whoever keeps the hashes fetches them and hands them in. Nothing here recurses.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


class Node(NamedTuple):
    """The complete subtree over leaves `place << level` up to, not including, `(place + 1) << level`."""

    level: int
    place: int


Span = tuple[Node, ...]
"""A run of leaves as complete subtrees, from left to right, each smaller than the one before it."""


def hash_leaf(entry: bytes) -> bytes:
    """The hash of a leaf: SHA-256(0x00 ‖ entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def span(begin: int, end: int) -> Span:
    """The complete subtrees that make up leaves `begin` up to, not including, `end`, where `begin` fits their sizes."""
    nodes = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        nodes.append(Node(level, begin >> level))
        begin += 1 << level
    return tuple(nodes)


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash over a span from the hashes of its subtrees; over nothing, the root of the empty tree."""
    if not hashes:
        return EMPTY_ROOT
    result = hashes[-1]
    for left in reversed(hashes[:-1]):
        result = hash_children(left, result)
    return result


@dataclass
class Edge:
    """The right edge of a tree: the hashes of the subtrees in `span(0, size)`, all that appending has to know."""

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> "Edge":
        """Read what `to_bytes` wrote; raises ValueError if that is not the edge of a tree of `size` leaves."""
        if len(data) != size.bit_count() * HASH_BYTES:
            raise ValueError("an edge has one hash for each bit set in the size")
        return cls(size, [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)])

    def to_bytes(self) -> bytes:
        """The hashes, largest subtree first."""
        return b"".join(self.hashes)

    @property
    def root(self) -> bytes:
        """The Merkle tree hash."""
        return fold(self.hashes)

    def append(self, leaf_hash: bytes) -> list[tuple[Node, bytes]]:
        """Add a leaf; returns the inner nodes that it completed, smallest first (one a leaf on average)."""
        completed, level, result, size = [], 0, leaf_hash, self.size
        while size >> level & 1:
            result = hash_children(self.hashes.pop(), result)
            level += 1
            completed.append((Node(level, size >> level), result))
        self.hashes.append(result)
        self.size = size + 1
        return completed


def inclusion_spans(index: int, size: int) -> list[Span]:
    """What a proof that leaf `index` is in the tree of `size` is made of, the leaf's neighbour first (§2.1.1)."""
    if not 0 <= index < size:
        raise ValueError("the leaf is not in the tree")
    begin, end, spans = 0, size, []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            spans.append(span(middle, end))
            end = middle
        else:
            spans.append(span(begin, middle))
            begin = middle
    return spans[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """What a proof that the tree of `old` leaves begins the tree of `new` is made of (§2.1.2)."""
    if not 0 <= old <= new:
        raise ValueError("a tree does not begin a smaller one")
    if old in (0, new):
        return []
    begin, end, spans = 0, new, []
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            spans.append(span(middle, end))
            end = middle
        else:
            spans.append(span(begin, middle))
            begin = middle
    if begin:
        spans.append(span(begin, end))
    return spans[::-1]


def assemble(spans: Iterable[Span], hashes: Mapping[Node, bytes]) -> list[bytes]:
    """The proof itself; raises KeyError for a node without a hash."""
    return [fold([hashes[node] for node in each]) for each in spans]


def root_from_inclusion(index: int, size: int, leaf_hash: bytes, path: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to, or None if the path is not of the right length (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes(leaf_hash, *path):
        return None
    position, last, result = index, size - 1, leaf_hash
    for sibling in path:
        if last == 0:
            return None
        if position & 1 or position == last:
            result = hash_children(sibling, result)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            result = hash_children(result, sibling)
        position, last = position >> 1, last >> 1
    return result if last == 0 else None


def verify_inclusion(index: int, size: int, leaf_hash: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` proves that the leaf stands at `index` in the tree of `size` leaves with this root."""
    return root_from_inclusion(index, size, leaf_hash, path) == root


class Head(NamedTuple):
    """A tree as others know it: how many leaves, and the hash over them."""

    size: int
    root: bytes


def verify_consistency(old: Head, new: Head, path: Sequence[bytes]) -> bool:
    """Whether `path` proves that `new` only adds leaves to `old` (RFC 9162 §2.1.4.2)."""
    if not 0 <= old.size <= new.size or not _are_hashes(old.root, new.root, *path):
        return False
    if old.size == 0 and old.root != EMPTY_ROOT:
        return False
    if old.size in (0, new.size):
        return not path and (old.size == 0 < new.size or old.root == new.root)
    hashes = [old.root, *path] if old.size & (old.size - 1) == 0 else list(path)
    if not hashes:
        return False
    position, last = old.size - 1, new.size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    return _walk_consistency(position, last, hashes) == (old.root, new.root)


def _walk_consistency(position: int, last: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Both roots that the proof leads to, climbing from the last node that the trees share."""
    old_root = new_root = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return None
        if position & 1 or position == last:
            old_root, new_root = hash_children(sibling, old_root), hash_children(sibling, new_root)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new_root = hash_children(new_root, sibling)
        position, last = position >> 1, last >> 1
    return (old_root, new_root) if last == 0 else None


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_BYTES for value in values)


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1
