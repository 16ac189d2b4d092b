"""The log over HTTP: a client that knows only the C2SP documents follows it from tile to tile."""

import hashlib
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete

from kernel.database.engine import Database
from kernel.web import problems
from licence_vault.ledger.records import LedgerNodeRow
from licence_vault.ledger.routes import ledger_routes
from licence_vault.ledger.service import Ledger
from licence_vault.ledger.tiles import TileAddress, parse_address
from licence_vault.ledger.verification import verify_proof
from tests.licence_vault.ledger import definition
from tests.licence_vault.ledger.test_proofs import read_by_hand
from tests.licence_vault.ledger.world import LogKey, digest_of, entry, grow, make_ledger

SIZE = 256 * 2 + 44


@pytest.fixture
async def full(sqlite: Database, key: LogKey) -> Ledger:
    """A log of two whole tiles and a part of a third."""
    ledger = make_ledger(sqlite, key)
    async with sqlite.transaction() as session:
        for number in range(SIZE):
            await ledger.append(session, entry(number))
    return ledger


@pytest.fixture
async def client(full: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app)
    app.include_router(ledger_routes(full))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://zhengzhao.example.cn") as each:
        yield each


def unbundle(data: bytes) -> list[bytes]:
    entries = []
    while data:
        length = int.from_bytes(data[:2], "big")
        entries.append(data[2 : 2 + length])
        data = data[2 + length :]
    return entries


def hashes_in(tile: bytes) -> list[bytes]:
    return [tile[at : at + 32] for at in range(0, len(tile), 32)]


async def test_a_monitor_recomputes_the_root_from_the_bundles(client: httpx.AsyncClient, key: LogKey) -> None:
    checkpoint = await client.get("/log/checkpoint")
    assert checkpoint.headers["content-type"] == "text/plain; charset=utf-8"
    _origin, size, root = read_by_hand(checkpoint.text, key)
    paths = ["000", "001", "002.p/44"]
    entries = [each for path in paths for each in unbundle((await client.get(f"/log/tile/entries/{path}")).content)]
    assert (len(entries), size) == (SIZE, SIZE)
    assert definition.mth(entries) == root


async def test_tiles_hold_what_the_document_says(client: httpx.AsyncClient) -> None:
    bundles = [await client.get(f"/log/tile/entries/{path}") for path in ("000", "001", "002.p/44")]
    entries = [each for bundle in bundles for each in unbundle(bundle.content)]
    leaves = [hashlib.sha256(b"\x00" + each).digest() for each in entries]
    whole, partial, above = [await client.get(f"/log/tile/{path}") for path in ("0/001", "0/002.p/44", "1/000.p/2")]
    assert len(whole.content) == 8192
    assert hashes_in(whole.content) == leaves[256:512]
    assert hashes_in(partial.content) == leaves[512:]
    assert hashes_in(above.content) == [definition.mth(entries[:256]), definition.mth(entries[256:512])]


async def test_tiles_may_be_kept_for_ever_and_checkpoints_may_not(client: httpx.AsyncClient) -> None:
    for path in ("tile/0/000", "tile/entries/000", "tile/0/002.p/3"):
        answer = await client.get(f"/log/{path}")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "immutable" in answer.headers["cache-control"]
    assert (await client.get("/log/checkpoint")).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "0/002",
        "0/002.p/45",
        "0/003.p/1",
        "1/000",
        "1/000.p/3",
        "2/000.p/1",
        "63/000",
        "64/000",
        "00/000",
        "-1/000",
        "x/000",
        "0/0",
        "0/0000",
        "0/x000/000",
        "0/x001/000",
        "0/001/000",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/01",
        "0/000.p/",
        "0/000.p/1/2",
        "0/000/",
        "0/-01",
        "0/٠٠٠",
        "entries/002",
        "entries/000.p/0",
        "entries/x000/000",
        "0/x999/x999/x999/x999/x999/x999/999",
    ],
)
async def test_what_is_no_tile_of_this_log_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(f"/log/tile/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_tile_that_lost_a_hash_is_an_error_and_not_a_shorter_tile(
    client: httpx.AsyncClient, sqlite: Database
) -> None:
    async with sqlite.transaction() as session:
        await session.execute(delete(LedgerNodeRow).where(LedgerNodeRow.level == 8, LedgerNodeRow.index == 1))
    answer = await client.get("/log/tile/1/000.p/2")
    assert answer.status_code == 500
    assert answer.json()["type"] == "urn:xinyin:problem:integrity"


async def test_a_proof_over_http_holds_offline(client: httpx.AsyncClient, key: LogKey) -> None:
    checkpoint = (await client.get("/log/checkpoint")).text
    answer = await client.get("/log/entries/licence-300/proof")
    assert answer.headers["cache-control"] == "no-store"
    proven = verify_proof(answer.json(), checkpoint, key.spki, digest=digest_of("file 300"))
    assert (proven.index, proven.tree_size, proven.kind) == (300, SIZE, "sealed")


async def test_a_proof_by_place_opens_nothing(client: httpx.AsyncClient, key: LogKey) -> None:
    answer = await client.get("/log/entries/300/proof")
    assert "opening" not in answer.json()
    assert verify_proof(answer.json(), None, key.spki).index == 300


@pytest.mark.parametrize("subject", ["licence-999", "999", "9" * 40, "٣", "%00", "a" * 64])
async def test_of_what_the_log_does_not_hold_there_is_a_problem(client: httpx.AsyncClient, subject: str) -> None:
    answer = await client.get(f"/log/entries/{subject}/proof", headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:xinyin:problem:not-found"


async def test_a_kind_that_there_is_not_is_a_wrong_request(client: httpx.AsyncClient) -> None:
    assert (await client.get("/log/entries/licence-1/proof?kind=rumour")).status_code == 400
    assert (await client.get("/log/entries/licence-1/proof?kind=issued")).status_code == 404
    assert (await client.get("/log/entries/licence-1/proof?kind=sealed")).status_code == 200


async def test_the_log_is_described(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert set(paths) == {
        "/log/checkpoint",
        "/log/tile/{level}/{address}",
        "/log/tile/entries/{address}",
        "/log/entries/{id}/proof",
    }
    assert all(operation["get"]["summary"] for operation in paths.values())


async def test_an_empty_log_has_a_checkpoint_and_no_tiles(sqlite: Database, key: LogKey) -> None:
    app = FastAPI()
    problems.install(app)
    app.include_router(ledger_routes(make_ledger(sqlite, key)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://log.example") as client:
        assert read_by_hand((await client.get("/log/checkpoint")).text, key)[1] == 0
        assert (await client.get("/log/tile/0/000.p/1")).status_code == 404
    await grow(sqlite, make_ledger(sqlite, key), [0])


def test_a_large_index_is_written_in_groups_of_three() -> None:
    assert parse_address("0", "x001/x234/067") == TileAddress(0, 1234067)
    assert parse_address("5", "x001/x234/067.p/9") == TileAddress(5, 1234067, 9)


@pytest.mark.parametrize(("size", "widths"), [(70_000, {0: 112, 1: 17, 2: 1}), (256, {1: 1})])
def test_partial_tiles_of_the_documents_examples(size: int, widths: dict[int, int]) -> None:
    for level, width in widths.items():
        last = (size >> 8 * level) // 256
        assert TileAddress(level, last, width).is_in(size)
        assert not TileAddress(level, last, width + 1).is_in(size)
