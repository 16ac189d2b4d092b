"""Attacks on what the log proves: each is to make an entry, or a file, stand in a log that does not hold it."""

import base64
import json
from collections.abc import Callable
from typing import Any

from licence_vault.ledger.checkpoints import Checkpoint, sign_line
from licence_vault.ledger.merkle import Head
from tests.licence_vault.ledger.world import LogKey
from tests.verify.corpus.case import add, family
from tests.verify.corpus.log_material import ORIGIN, SampleLog
from tests.verify.corpus.material import Material

Text = Callable[[SampleLog], str]
OTHER = "00" * 32


def proof(make: Text) -> Text:
    """A case whose maker gives a proof as JSON or as `.tlog-proof`."""
    add("proof", make.__name__, (make.__doc__ or "").splitlines()[0], lambda material: make(material.log).encode())
    return make


def members(name: str, attack: str, listed: dict[str, Text]) -> None:
    """A family of them."""

    def bytes_of(make: Text) -> Callable[[Material], bytes]:
        return lambda material: make(material.log).encode()

    family("proof", name, attack, [(word, bytes_of(make)) for word, make in listed.items()])


def document(log: SampleLog, **changes: Any) -> str:
    """The genuine proof as JSON with other members; None takes one away."""
    merged = log.proof.to_json() | changes
    return json.dumps({name: value for name, value in merged.items() if value is not None})


def opened(log: SampleLog, **changes: Any) -> str:
    """With another opening."""
    return document(log, opening=log.proof.to_json()["opening"] | changes)


def swapped(log: SampleLog, old: str, new: str) -> str:
    """The genuine `.tlog-proof` with one replacement."""
    text = log.proof.to_tlog_proof()
    if old not in text:
        raise ValueError(f"{old!r} is not there")
    return text.replace(old, new, 1)


def with_checkpoint(log: SampleLog, note: str) -> str:
    """The genuine proof on another checkpoint."""
    return document(log, checkpoint=note)


def noted(log: SampleLog, checkpoint: Checkpoint, key: LogKey | None = None) -> str:
    """A checkpoint signed by the log's key, or another."""
    signer = key or log.key
    return f"{checkpoint.body}\n{sign_line(checkpoint, signer.sign(checkpoint.body.encode()), [signer.spki])}"


members(
    "index",
    "The proof speaks of another leaf",
    {
        "before": lambda log: document(log, index=log.proof.index - 1),
        "after": lambda log: document(log, index=log.proof.index + 1),
        "zero": lambda log: document(log, index=0),
        "at_the_end": lambda log: document(log, index=log.proof.tree_size),
        "beyond": lambda log: document(log, index=10**6),
        "negative": lambda log: document(log, index=-1),
        "huge": lambda log: document(log, index=10**30),
        "as_text": lambda log: document(log, index=str(log.proof.index)),
        "as_a_fraction": lambda log: document(log, index=float(log.proof.index)),
        "true": lambda log: document(log, index=True),
        "missing": lambda log: document(log, index=None),
    },
)
members(
    "size",
    "The proof is about a tree of another size",
    {
        "smaller": lambda log: document(log, tree_size=log.proof.tree_size - 1),
        "larger": lambda log: document(log, tree_size=log.proof.tree_size + 1),
        "zero": lambda log: document(log, tree_size=0),
        "one": lambda log: document(log, tree_size=1),
        "huge": lambda log: document(log, tree_size=10**30),
        "missing": lambda log: document(log, tree_size=None),
    },
)
members(
    "path",
    "The path does not lead from the leaf to the root",
    {
        "empty": lambda log: document(log, path=[]),
        "short": lambda log: document(log, path=log.path[:-1]),
        "long": lambda log: document(log, path=[*log.path, OTHER]),
        "reversed": lambda log: document(log, path=log.path[::-1]),
        "of_zeros": lambda log: document(log, path=[OTHER] * len(log.path)),
        "with_one_zero": lambda log: document(log, path=[OTHER, *log.path[1:]]),
        "of_another_leaf": lambda log: document(log, path=[each.hex() for each in log.other.path]),
        "endless": lambda log: document(log, path=[OTHER] * 5000),
        "of_cut_hashes": lambda log: document(log, path=[each[:62] for each in log.path]),
        "in_upper_case": lambda log: document(log, path=["AB" * 32, *log.path[1:]]),
        "as_text": lambda log: document(log, path="x"),
        "missing": lambda log: document(log, path=None),
    },
)
members(
    "entry",
    "The entry is another than the log holds",
    {
        "zero": lambda log: document(log, entry=OTHER, leaf_hash=None, opening=None),
        "of_another_leaf": lambda log: document(log, entry=log.other.entry.hex(), leaf_hash=None, opening=None),
        "as_its_leaf_hash": lambda log: document(log, entry=log.proof.leaf_hash.hex(), leaf_hash=None, opening=None),
        "cut": lambda log: document(log, entry=log.proof.entry.hex()[:-2]),
        "with_a_wrong_leaf_hash": lambda log: document(log, leaf_hash=OTHER),
        "as_an_inner_node": lambda log: document(log, entry=log.path[0], leaf_hash=None, opening=None),
        "missing": lambda log: document(log, entry=None),
    },
)
members(
    "opening",
    "The opening does not open this entry, or does not speak of this file",
    {
        "with_another_salt": lambda log: opened(log, salt=OTHER),
        "with_a_cut_salt": lambda log: opened(log, salt="00"),
        "of_another_kind": lambda log: opened(log, kind="issued"),
        "of_no_kind": lambda log: opened(log, kind="rumour"),
        "with_another_digest": lambda log: opened(log, digests=[OTHER]),
        "with_one_digest_more": lambda log: opened(log, digests=[log.digest.hex(), OTHER]),
        "without_digests": lambda log: opened(log, digests=[]),
        "of_another_leaf": lambda log: document(log, opening=log.other.to_json()["opening"]),
        "left_out": lambda log: document(log, opening=None),
        "as_a_list": lambda log: document(log, opening=[]),
    },
)
members(
    "checkpoint",
    "The checkpoint is not what this log signed (forks, forgeries, other logs)",
    {
        "empty": lambda log: with_checkpoint(log, ""),
        "unsigned": lambda log: with_checkpoint(log, log.proof.checkpoint.partition("\n\n")[0] + "\n\n"),
        "by_a_stranger": lambda log: with_checkpoint(log, noted(log, Checkpoint(ORIGIN, log.head), LogKey())),
        "of_another_log": lambda log: with_checkpoint(log, noted(log, Checkpoint("other.example/log", log.head))),
        "forked": lambda log: with_checkpoint(log, noted(log, Checkpoint(ORIGIN, Head(log.head.size, bytes(32))))),
        "of_an_older_tree": lambda log: with_checkpoint(log, log.older),
        "of_an_empty_tree": lambda log: with_checkpoint(log, noted(log, Checkpoint(ORIGIN, Head(0, bytes(32))))),
        "with_a_changed_root": lambda log: with_checkpoint(log, log.with_root(bytes(32))),
        "with_a_changed_size": lambda log: with_checkpoint(log, log.with_size(log.head.size + 1)),
        "with_an_added_line": lambda log: with_checkpoint(log, log.proof.checkpoint.replace("\n\n", "\nx\n\n", 1)),
        "with_a_leading_zero": lambda log: with_checkpoint(log, log.with_size(f"0{log.head.size}")),
        "with_a_zero_signature": lambda log: with_checkpoint(log, log.with_signature(bytes(64))),
        "with_a_cut_signature": lambda log: with_checkpoint(log, log.proof.checkpoint[:-9] + "\n"),
        "with_a_strangers_second_line": lambda log: with_checkpoint(
            log, log.proof.checkpoint.partition("\n\n")[0] + "\n\n" + log.strangers_line
        ),
        "without_its_last_newline": lambda log: with_checkpoint(log, log.proof.checkpoint.rstrip("\n")),
        "with_a_control_character": lambda log: with_checkpoint(
            log, log.proof.checkpoint.replace("\n\n", "\n\x07\n\n")
        ),
        "endless": lambda log: with_checkpoint(log, log.proof.checkpoint + "x" * 200_000),
        "as_a_number": lambda log: document(log, checkpoint=7),
        "missing": lambda log: document(log, checkpoint=None),
    },
)
members(
    "tlog_proof",
    "The text form is not what C2SP tlog-proof writes",
    {
        "of_another_version": lambda log: swapped(log, "@v1", "@v2"),
        "with_a_leading_zero": lambda log: swapped(log, "index ", "index 0"),
        "without_extra": lambda log: swapped(log, "extra ", "other "),
        "with_broken_extra": lambda log: swapped(log, "extra ", "extra !"),
        "without_the_empty_line": lambda log: swapped(log, "\n\n", "\n"),
        "cut_in_the_path": lambda log: log.proof.to_tlog_proof()[:400],
        "cut_in_the_checkpoint": lambda log: log.proof.to_tlog_proof()[:-20],
        "with_carriage_returns": lambda log: log.proof.to_tlog_proof().replace("\n", "\r\n"),
        "empty": lambda log: "c2sp.org/tlog-proof@v1",
        "with_nested_extra": lambda log: (
            "c2sp.org/tlog-proof@v1\nextra "
            + base64.b64encode(b"[" * 9000).decode()
            + "\nindex 0\n\n"
            + log.proof.checkpoint
        ),
    },
)


@proof
def proof_of_another_file_fail(log: SampleLog) -> str:
    """A genuine proof, of another file in the same log."""
    return json.dumps(log.other.to_json())


@proof
def proof_of_another_log_fail(log: SampleLog) -> str:
    """A proof that holds in a log of the forger's own."""
    return json.dumps(SampleLog().proof.to_json())


@proof
def json_nested_deep_fail(log: SampleLog) -> str:
    """JSON nested a hundred thousand deep."""
    return '{"a":' * 100_000
