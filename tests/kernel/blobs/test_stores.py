"""What every blob store does, in a folder and in a bucket alike."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from kernel.blobs.opening import BlobAddress, check_blob_address, open_blobs
from kernel.blobs.s3 import S3Blobs, parse_s3
from kernel.blobs.store import BlobStore
from kernel.errors import ConfigurationError, NotFound, Unavailable
from tests.kernel.blobs.s3_server import BUCKET, REGION, S3Server, bad_line, s3_server


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


def address(server: S3Server, *, line: str = "", bucket: str = BUCKET, secret: str = "") -> BlobAddress:
    """A place of its own in the bucket; `line`: another way to the server."""
    url = f"s3://{bucket}/{secrets.token_hex(4)}?endpoint={line or server.endpoint}&region={REGION}"
    return BlobAddress(url, server.access_key, secret or server.secret_key)


@pytest.fixture(params=["folder", "bucket"])
async def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[BlobStore]:
    where = BlobAddress(f"file:{tmp_path}") if request.param == "folder" else address(request.getfixturevalue("server"))
    store = open_blobs(where)
    yield store
    await store.close()


@pytest.mark.parametrize("content", [b"", b"content", bytes(range(256)) * 8192], ids=["empty", "short", "2 MiB"])
async def test_what_was_put_is_got_by_its_digest(blobs: BlobStore, content: bytes) -> None:
    reference = await blobs.put(content)
    assert reference == hashlib.sha256(content).hexdigest()
    assert await blobs.get(reference) == content
    assert await blobs.exists(reference)


async def test_the_same_content_is_kept_once_and_young_again(blobs: BlobStore) -> None:
    reference = await blobs.put(b"x")
    [(_, first)] = [found async for found in blobs.references()]
    await asyncio.sleep(1.1)  # an S3 list tells whole seconds
    assert await blobs.put(b"x") == reference
    [(found, second)] = [found async for found in blobs.references()]
    assert found == reference
    assert second > first
    assert await blobs.get(reference) == b"x"


async def test_many_writers_of_the_same_content_do_no_harm(blobs: BlobStore) -> None:
    assert len(set(await asyncio.gather(*(blobs.put(b"same") for _ in range(12))))) == 1
    assert len([found async for found in blobs.references()]) == 1


async def test_each_is_listed_with_its_time(blobs: BlobStore) -> None:
    put = {await blobs.put(f"{number}".encode()) for number in range(30)}
    listed = [found async for found in blobs.references()]
    assert {reference for reference, _ in listed} == put
    assert all(abs(datetime.now(UTC) - at) < timedelta(minutes=5) for _, at in listed)


@pytest.mark.parametrize("reference", ["", "../../etc/passwd", "A" * 64, "f" * 63])
async def test_a_reference_that_is_not_a_digest_finds_nothing(blobs: BlobStore, reference: str) -> None:
    for ask in (blobs.get, blobs.exists, blobs.delete):
        with pytest.raises(NotFound):
            await ask(reference)


async def test_what_is_not_there_is_not_found(blobs: BlobStore) -> None:
    with pytest.raises(NotFound):
        await blobs.get("0" * 64)
    assert not await blobs.exists("0" * 64)


async def test_a_deleted_blob_is_gone(blobs: BlobStore) -> None:
    reference = await blobs.put(b"content")
    await blobs.delete(reference)
    await blobs.delete(reference)
    assert not await blobs.exists(reference)
    with pytest.raises(NotFound):
        await blobs.get(reference)


async def test_a_store_that_is_there_answers(blobs: BlobStore) -> None:
    await blobs.ping()


async def test_parts_of_a_bucket_do_not_see_each_other(server: S3Server) -> None:
    where = address(server)
    whole, part = open_blobs(where), open_blobs(where, "seal-jobs")
    reference = await part.put(b"content")
    assert not await whole.exists(reference)
    assert [found async for found in whole.references()] == []
    assert [found async for found, _ in part.references()] == [reference]
    await whole.close()
    await part.close()


async def test_a_long_list_comes_in_pages(server: S3Server) -> None:
    blobs = open_blobs(address(server))
    gate = asyncio.Semaphore(16)

    async def put(number: int) -> None:
        async with gate:
            await blobs.put(str(number).encode())

    await asyncio.gather(*map(put, range(1005)))
    assert len({found async for found, _ in blobs.references()}) == 1005
    await blobs.close()


def impatient(where: BlobAddress) -> S3Blobs:
    return S3Blobs(parse_s3(where.url, where.access_key, where.secret_key), pause=0.001)


@pytest.mark.parametrize("faults", [["busy", "busy"], ["cut"], ["cut after"], ["cut after", "busy", "cut"]])
async def test_a_bad_line_is_tried_again_until_the_server_has_said_yes(server: S3Server, faults: list[str]) -> None:
    async with bad_line(server.endpoint, faults) as line:
        blobs = impatient(address(server, line=line))
        reference = await blobs.put(b"content")
        assert await blobs.get(reference) == b"content"
        assert faults == []
        await blobs.close()


async def test_a_server_that_is_away_or_refuses_is_named_unavailable(server: S3Server) -> None:
    forged = address(server, secret="another-secret")
    for where in (address(server, line="http://127.0.0.1:9"), address(server, bucket="another"), forged):
        blobs = impatient(where)
        for ask in (blobs.put(b"x"), blobs.ping()):
            with pytest.raises(Unavailable) as refusal:
                await ask
            assert where.secret_key not in f"{refusal.value} {refusal.value.params}"
        await blobs.close()


@pytest.mark.parametrize(
    "url",
    [
        "s3://", "s3://UPPER/x", "s3://b?endpoint=https://x", "s3://bucket?endpoint=ftp://x", "http://bucket",
        "s3://bucket?endpoint=https://me:word@x", "s3://bucket?region=x&acl=public", "s3://bucket?style=round", "s4://b",
    ],
)  # fmt: skip
def test_a_wrong_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="XINYIN_BLOB_URL"):
        check_blob_address(BlobAddress(url, "a", "b"))


def test_a_bucket_wants_credentials() -> None:
    with pytest.raises(ConfigurationError, match="XINYIN_BLOB_ACCESS_KEY"):
        check_blob_address(BlobAddress("s3://bucket"))


def test_where_requests_go() -> None:
    assert parse_s3("s3://bucket/a/b/").base == "https://s3.us-east-1.amazonaws.com/bucket"
    assert parse_s3("s3://bucket?region=cn-north-1&style=virtual&endpoint=https://oss.example").base == (
        "https://bucket.oss.example"
    )
    assert "word" not in repr(parse_s3("s3://bucket", "who", "word"))


@settings(max_examples=200)
@given(some.text(max_size=60))
def test_no_address_makes_a_traceback(text: str) -> None:
    try:
        parse_s3(f"s3://{text}")
    except ConfigurationError:
        pass


async def test_what_a_killed_writer_left_aside_is_swept_when_it_is_old(tmp_path: Path) -> None:
    blobs = open_blobs(BlobAddress(f"file:{tmp_path}"))
    reference = await blobs.put(b"content")
    folder = tmp_path / reference[:2] / reference[2:4]
    (folder / f".{reference}.0badcafe").write_bytes(b"cont")
    (folder / ".another").write_bytes(b"not ours")
    assert await blobs.sweep_aside(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert await blobs.sweep_aside(datetime.now(UTC) + timedelta(hours=1)) == 1
    assert sorted(path.name for path in folder.iterdir()) == [".another", reference]
