"""The Merkle tree of RFC 6962: its well-known roots, its proofs for any size, and nothing else passes as a proof."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licence_vault.ledger.merkle import (
    EMPTY_ROOT,
    Edge,
    Head,
    Node,
    assemble,
    consistency_spans,
    hash_leaf,
    inclusion_spans,
    verify_consistency,
    verify_inclusion,
)
from tests.licence_vault.ledger import definition

VECTORS = json.loads((Path(__file__).parent / "vectors/merkle_tree.json").read_text())
MOST = 300
LEAVES = [number.to_bytes(2, "big") for number in range(MOST)]


class Tree:
    """A tree grown leaf by leaf, remembering every node as the database does."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.edge = Edge()
        self.nodes: dict[Node, bytes] = {}
        self.roots = [self.edge.root]
        for index, leaf in enumerate(leaves):
            self.nodes[Node(0, index)] = hash_leaf(leaf)
            self.nodes.update(self.edge.append(hash_leaf(leaf)))
            self.roots.append(self.edge.root)

    def head(self, size: int) -> Head:
        return Head(size, self.roots[size])

    def inclusion(self, index: int, size: int) -> list[bytes]:
        return assemble(inclusion_spans(index, size), self.nodes)

    def consistency(self, old: int, new: int) -> list[bytes]:
        return assemble(consistency_spans(old, new), self.nodes)


TREE = Tree(LEAVES)
sizes = st.integers(1, MOST)


def test_the_well_known_roots() -> None:
    tree = Tree([bytes.fromhex(leaf) for leaf in VECTORS["leaves"]])
    assert [root.hex() for root in tree.roots] == VECTORS["roots"]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert Edge().root == EMPTY_ROOT


@given(sizes)
def test_growing_leaf_by_leaf_gives_the_root_of_the_definition(size: int) -> None:
    assert TREE.roots[size] == definition.mth(LEAVES[:size])


@given(sizes)
def test_appending_completes_one_node_a_leaf_and_keeps_no_more_than_the_edge(size: int) -> None:
    tree = Tree(LEAVES[:size])
    assert len(tree.nodes) <= 2 * size
    assert len(tree.edge.hashes) == size.bit_count()


@given(sizes)
def test_an_edge_survives_storage(size: int) -> None:
    edge = Tree(LEAVES[:size]).edge
    assert Edge.from_bytes(size, edge.to_bytes()) == edge


def test_an_edge_of_another_size_is_refused() -> None:
    edge = Tree(LEAVES[:3]).edge
    with pytest.raises(ValueError):
        Edge.from_bytes(4, edge.to_bytes())


@st.composite
def leaf_and_size(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(sizes)
    return draw(st.integers(0, size - 1)), size


@st.composite
def two_sizes(draw: st.DrawFn) -> tuple[int, int]:
    new = draw(sizes)
    return draw(st.integers(1, new)), new


@given(leaf_and_size())
def test_every_leaf_of_every_size_is_proven_as_the_definition_says(place: tuple[int, int]) -> None:
    index, size = place
    path = TREE.inclusion(index, size)
    assert path == definition.path(index, LEAVES[:size])
    assert verify_inclusion(index, size, hash_leaf(LEAVES[index]), path, TREE.roots[size])


@given(leaf_and_size(), st.data())
def test_no_other_leaf_index_size_root_or_path_is_proven(place: tuple[int, int], data: st.DataObject) -> None:
    index, size = place
    leaf, path, root = hash_leaf(LEAVES[index]), TREE.inclusion(index, size), TREE.roots[size]
    other = data.draw(st.integers(0, MOST - 1).filter(lambda other: other != index))
    assert not verify_inclusion(index, size, hash_leaf(LEAVES[other]), path, root)
    assert not verify_inclusion(other, size, leaf, path, root)
    assert not verify_inclusion(index, size, leaf, [*path, root], root)
    assert not verify_inclusion(index, size, leaf, path, bytes(32))
    assert not verify_inclusion(-1, size, leaf, path, root)
    if path:
        assert not verify_inclusion(index, size, leaf, path[:-1], root)
        at = data.draw(st.integers(0, len(path) - 1))
        assert not verify_inclusion(index, size, leaf, [*path[:at], bytes(32), *path[at + 1 :]], root)
        assert not verify_inclusion(index, size, leaf, [*path[:at], b"", *path[at + 1 :]], root)


@given(two_sizes())
def test_every_size_continues_every_smaller_one_as_the_definition_says(pair: tuple[int, int]) -> None:
    old, new = pair
    path = TREE.consistency(old, new)
    assert path == definition.proof(old, LEAVES[:new])
    assert verify_consistency(TREE.head(old), TREE.head(new), path)


@given(two_sizes(), st.data())
def test_a_changed_past_is_not_continued(pair: tuple[int, int], data: st.DataObject) -> None:
    old, new = pair
    changed = data.draw(st.integers(0, old - 1))
    forged = Tree([*LEAVES[:changed], b"forged", *LEAVES[changed + 1 : new]])
    for path in (TREE.consistency(old, new), forged.consistency(old, new)):
        assert not verify_consistency(TREE.head(old), forged.head(new), path)


@given(two_sizes(), st.data())
def test_a_consistency_proof_that_was_touched_is_refused(pair: tuple[int, int], data: st.DataObject) -> None:
    old, new = pair
    path = TREE.consistency(old, new)
    assert not verify_consistency(TREE.head(old), TREE.head(new), [*path, bytes(32)])
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        assert not verify_consistency(TREE.head(old), TREE.head(new), path[:at] + path[at + 1 :])
        assert not verify_consistency(TREE.head(old), TREE.head(new), [*path[:at], bytes(32), *path[at + 1 :]])
        assert not verify_consistency(TREE.head(new), TREE.head(old), path)


def test_everything_continues_the_empty_tree_and_nothing_that_only_claims_to_be_empty() -> None:
    assert verify_consistency(TREE.head(0), TREE.head(5), [])
    assert verify_consistency(TREE.head(0), TREE.head(0), [])
    assert not verify_consistency(Head(0, TREE.roots[5]), TREE.head(5), [])
    assert not verify_consistency(TREE.head(0), TREE.head(5), [TREE.roots[5]])


def test_a_leaf_beyond_the_tree_and_a_shrunken_tree_have_no_proof() -> None:
    with pytest.raises(ValueError):
        inclusion_spans(5, 5)
    with pytest.raises(ValueError):
        consistency_spans(6, 5)


def test_a_leaf_is_never_taken_for_a_node() -> None:
    """The two prefixes keep an entry made of two hashes from proving itself as their parent."""
    entry = TREE.nodes[Node(0, 0)] + TREE.nodes[Node(0, 1)]
    assert hash_leaf(entry) != TREE.nodes[Node(1, 0)]
