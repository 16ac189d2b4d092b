"""What the log hands out: signed checkpoints and proofs that hold offline, and nothing that does not."""

import asyncio
import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from kernel.database.engine import Database
from kernel.errors import IntegrityError, InvalidInput, NotFound
from licence_vault.ledger.entries import LedgerEntry
from licence_vault.ledger.proofs import InvalidProof, read_proof, read_tlog_proof
from licence_vault.ledger.records import LedgerCheckpointRow, LedgerHeadRow, LedgerLeafRow, LedgerNodeRow
from licence_vault.ledger.service import Ledger
from licence_vault.ledger.verification import verify_proof
from tests.licence_vault.ledger import definition
from tests.licence_vault.ledger.world import ORIGIN, LogKey, digest_of, grow, make_ledger


async def commitments(database: Database) -> list[bytes]:
    async with database.reading() as session:
        return list(await session.scalars(select(LedgerLeafRow.commitment).order_by(LedgerLeafRow.index)))


def read_by_hand(note: str, key: LogKey) -> tuple[str, int, bytes]:
    """C2SP signed-note and tlog-checkpoint once more, independent of our code."""
    body, _, signatures = note.partition("\n\n")
    body += "\n"
    origin, size, root = body.splitlines()
    (line,) = signatures.splitlines()
    dash, name, encoded = line.split(" ")
    assert dash == "\N{EM DASH}"
    public = load_der_public_key(key.spki)
    assert isinstance(public, Ed25519PublicKey)
    blob = base64.b64decode(encoded, validate=True)
    assert blob[:4] == hashlib.sha256(name.encode() + b"\n\x01" + public.public_bytes_raw()).digest()[:4]
    public.verify(blob[4:], body.encode())
    assert name == origin
    return origin, int(size), base64.b64decode(root, validate=True)


@pytest.mark.parametrize("size", [0, 1, 2, 7, 8])
async def test_a_checkpoint_is_a_signed_note_over_the_root(
    database: Database, ledger: Ledger, key: LogKey, size: int
) -> None:
    await grow(database, ledger, range(size))
    root = definition.mth(await commitments(database))
    assert read_by_hand(await ledger.checkpoint(), key) == (ORIGIN, size, root)


async def test_the_note_does_not_verify_under_another_key(sqlite: Database, key: LogKey) -> None:
    note = await make_ledger(sqlite, key).checkpoint()
    body, _, line = note.partition("\n\n")
    public = load_der_public_key(LogKey().spki)
    assert isinstance(public, Ed25519PublicKey)
    with pytest.raises(InvalidSignature):
        public.verify(base64.b64decode(line.split(" ")[2])[4:], (body + "\n").encode())


async def test_a_size_is_signed_once(database: Database, ledger: Ledger, key: LogKey) -> None:
    await grow(database, ledger, range(3))
    notes = await asyncio.gather(*(ledger.checkpoint() for _ in range(8)))
    assert len(set(notes)) == 1
    assert key.signed == 1
    await grow(database, ledger, [3])
    assert await ledger.checkpoint() != notes[0]
    assert key.signed == 2


async def test_two_processes_agree_on_the_checkpoint_of_a_size(database: Database, key: LogKey) -> None:
    one, other = make_ledger(database, key), make_ledger(database, key)
    await grow(database, one, range(3))
    notes = await asyncio.gather(one.checkpoint(), other.checkpoint())
    assert notes[0] == notes[1]


async def test_after_a_change_of_keys_the_log_signs_with_the_new_one(sqlite: Database, key: LogKey) -> None:
    class Both(LogKey):
        async def public_keys(self) -> Any:
            return [*(await key.public_keys()), *(await super().public_keys())]

    await grow(sqlite, make_ledger(sqlite, key), [0])
    await make_ledger(sqlite, key).checkpoint()
    new = Both()
    ledger = make_ledger(sqlite, new)
    await grow(sqlite, ledger, [1])
    assert read_by_hand(await ledger.checkpoint(), new)[1] == 2
    assert (await ledger.check()).holds


async def test_a_signature_that_does_not_hold_is_never_published(sqlite: Database, key: LogKey) -> None:
    class Broken(LogKey):
        def sign(self, data: bytes) -> bytes:
            return bytes(64)

    with pytest.raises(InvalidInput):
        await make_ledger(sqlite, Broken()).checkpoint()
    async with sqlite.reading() as session:
        assert (await session.scalars(select(LedgerCheckpointRow))).all() == []


async def test_what_does_not_continue_the_last_checkpoint_is_not_signed(database: Database, ledger: Ledger) -> None:
    await grow(database, ledger, range(5))
    await ledger.checkpoint()
    await grow(database, ledger, range(5, 7))
    async with database.transaction() as session:
        await session.execute(update(LedgerCheckpointRow).values(root=bytes(32)))
    with pytest.raises(IntegrityError):
        await ledger.checkpoint()


async def test_a_log_that_shrank_is_not_signed(database: Database, ledger: Ledger) -> None:
    """The tables of the tree were put back to an earlier moment, those of the checkpoints were not."""
    await grow(database, ledger, range(2))
    async with database.reading() as session:
        earlier = (await session.scalars(select(LedgerHeadRow.edge))).one()
    await grow(database, ledger, range(2, 5))
    await ledger.checkpoint()
    async with database.transaction() as session:
        await session.execute(delete(LedgerLeafRow).where(LedgerLeafRow.index >= 2))
        await session.execute(delete(LedgerNodeRow).where(LedgerNodeRow.index > 0))
        await session.execute(update(LedgerHeadRow).values(size=2, edge=earlier))
    with pytest.raises(IntegrityError):
        await ledger.checkpoint()


@pytest.mark.parametrize("size", [1, 2, 3, 11])
async def test_every_entry_is_proven_offline(database: Database, ledger: Ledger, key: LogKey, size: int) -> None:
    await grow(database, ledger, range(size))
    checkpoint = await ledger.checkpoint()
    for number in range(size):
        document = json.loads(json.dumps((await ledger.proof(f"licence-{number}")).to_json()))
        proven = verify_proof(document, checkpoint, key.spki, origin=ORIGIN, digest=digest_of(f"file {number}"))
        assert (proven.index, proven.tree_size, proven.kind) == (number, size, "sealed")


async def test_a_proof_needs_no_new_signature_once_the_leaf_is_covered(
    database: Database, ledger: Ledger, key: LogKey
) -> None:
    await grow(database, ledger, range(3))
    await ledger.checkpoint()
    await grow(database, ledger, range(3, 9))
    assert (await ledger.proof("licence-1")).tree_size == 3
    assert key.signed == 1
    assert (await ledger.proof("licence-5")).tree_size == 9
    assert key.signed == 2


async def test_the_newest_sealed_leaf_of_a_subject_is_proven_unless_another_kind_is_wanted(
    database: Database, ledger: Ledger
) -> None:
    async with database.transaction() as session:
        for kind, content in (("issued", "a"), ("sealed", "b"), ("sealed", "c"), ("status", "d")):
            await ledger.append(session, LedgerEntry(kind, "licence-1", digest_of(content)))
        await ledger.append(session, LedgerEntry("issued", "licence-2", digest_of("e")))
    assert (await ledger.proof("licence-1")).index == 2
    assert (await ledger.proof("licence-1", kind="status")).index == 3
    assert (await ledger.proof("licence-2")).index == 4
    with pytest.raises(NotFound):
        await ledger.proof("licence-2", kind="sealed")


async def test_both_files_of_a_licence_are_spoken_of_by_one_leaf(sqlite: Database, key: LogKey) -> None:
    ledger = make_ledger(sqlite, key)
    async with sqlite.transaction() as session:
        await ledger.append(session, LedgerEntry("sealed", "licence-1", digest_of("ofd") + digest_of("pdf")))
    proof = (await ledger.proof("licence-1")).to_json()
    for file in ("ofd", "pdf"):
        verify_proof(proof, None, key.spki, digest=digest_of(file))
    with pytest.raises(InvalidProof, match="does not speak of this file"):
        verify_proof(proof, None, key.spki, digest=digest_of("another file"))


async def test_a_leaf_asked_for_by_its_place_is_proven_and_not_opened(sqlite: Database, key: LogKey) -> None:
    ledger = make_ledger(sqlite, key)
    await grow(sqlite, ledger, range(3))
    proof = await ledger.proof_at(1)
    assert proof.opening is None
    assert verify_proof(proof.to_json(), None, key.spki).kind is None
    with pytest.raises(NotFound):
        await ledger.proof_at(3)


async def test_of_an_unknown_subject_there_is_no_proof(database: Database, ledger: Ledger) -> None:
    await grow(database, ledger, range(3))
    with pytest.raises(NotFound):
        await ledger.proof("licence-99")


async def test_a_proof_that_would_not_hold_is_not_handed_out(database: Database, ledger: Ledger) -> None:
    await grow(database, ledger, range(4))
    async with database.transaction() as session:
        await session.execute(update(LedgerNodeRow).where(LedgerNodeRow.index == 1).values(hash=bytes(32)))
    with pytest.raises(IntegrityError):
        await ledger.proof("licence-0")
    async with database.transaction() as session:
        await session.execute(delete(LedgerNodeRow))
    with pytest.raises(IntegrityError):
        await ledger.proof("licence-0")


async def test_a_proof_travels_as_a_tlog_proof(sqlite: Database, key: LogKey) -> None:
    ledger = make_ledger(sqlite, key)
    await grow(sqlite, ledger, range(5))
    proof = await ledger.proof("licence-4")
    text = proof.to_tlog_proof()
    lines = text.splitlines()
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[2] == "index 4"
    assert [base64.b64decode(line) for line in lines[3 : 3 + len(proof.path)]] == list(proof.path)
    assert text.endswith("\n\n" + proof.checkpoint)
    assert read_tlog_proof(text) == proof
    assert verify_proof(text, None, key.spki, digest=digest_of("file 4")).index == 4


class Sample:
    """One proof among seven leaves, made once: the tests below bend it."""

    key: LogKey
    document: dict[str, Any]
    text: str


@pytest.fixture
async def sample(sqlite: Database, key: LogKey) -> Sample:
    ledger = make_ledger(sqlite, key)
    await grow(sqlite, ledger, range(7))
    proof = await ledger.proof("licence-3")
    made = Sample()
    made.key, made.document, made.text = key, proof.to_json(), proof.to_tlog_proof()
    return made


OTHER = "00" * 32


@pytest.mark.parametrize(
    "change",
    [
        {"index": 2},
        {"index": 7},
        {"index": -1},
        {"index": True},
        {"index": "3"},
        {"index": 10**30},
        {"tree_size": 6},
        {"tree_size": 8},
        {"entry": OTHER},
        {"entry": "zz"},
        {"leaf_hash": OTHER},
        {"path": []},
        {"path": [OTHER, OTHER, OTHER]},
        {"path": "not a list"},
        {"path": [OTHER] * 64},
        {"checkpoint": ""},
        {"checkpoint": None},
        {"opening": {}},
        {"opening": []},
        {"opening": {"salt": OTHER, "kind": "sealed", "digests": [OTHER]}},
        {"opening": {"salt": OTHER, "kind": "rumour", "digests": [OTHER]}},
        {"opening": {"salt": OTHER, "kind": "sealed", "digests": []}},
    ],
)
async def test_a_bent_proof_is_refused(sample: Sample, change: dict[str, Any]) -> None:
    assert verify_proof(sample.document, None, sample.key.spki).index == 3
    with pytest.raises(InvalidInput):
        verify_proof(sample.document | change, None, sample.key.spki)


@pytest.mark.parametrize("word", ["salt", "digests"])
async def test_an_opening_of_another_entry_is_refused(sample: Sample, word: str) -> None:
    bent = sample.document["opening"] | {word: OTHER if word == "salt" else [OTHER]}
    with pytest.raises(InvalidProof, match="opening does not fit"):
        verify_proof(sample.document | {"opening": bent}, None, sample.key.spki)


async def test_a_proof_without_its_opening_does_not_speak_of_any_file(sample: Sample) -> None:
    del sample.document["opening"]
    with pytest.raises(InvalidProof):
        verify_proof(sample.document, None, sample.key.spki, digest=digest_of("file 3"))


async def test_a_forged_log_convinces_nobody(sample: Sample) -> None:
    with pytest.raises(InvalidInput):
        verify_proof(sample.document, None, LogKey().spki)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [("@v1", "@v2"), ("extra ", "extra  "), ("index 3", "index 03"), ("index 3", "index x"), ("\n\n", "\n")],
)
async def test_a_bent_tlog_proof_is_refused(sample: Sample, was: str, becomes: str) -> None:
    with pytest.raises(InvalidInput):
        verify_proof(sample.text.replace(was, becomes), None, sample.key.spki)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
members = ["index", "tree_size", "entry", "path", "checkpoint", "opening", "leaf_hash"]


@given(st.dictionaries(st.sampled_from(members), anything))
def test_any_document_is_a_proof_or_refused_in_our_words(document: dict[str, Any]) -> None:
    with pytest.raises(InvalidProof):
        read_proof(document)


@given(
    st.text()
    | st.text(alphabet='{}[]"\\:,0e').map("{".__add__)
    | st.text().map("c2sp.org/tlog-proof@v1\nextra ".__add__)
)
def test_any_text_is_a_proof_or_refused_in_our_words(text: str) -> None:
    with pytest.raises(InvalidProof):
        verify_proof(text, None, b"")
