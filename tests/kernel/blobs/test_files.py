"""Blobs: written once under their digest, whole or not there, changed never unnoticed."""

from pathlib import Path

import pytest

from kernel.blobs.files import FileBlobs
from kernel.errors import IntegrityError, NotFound, Unavailable


async def test_what_was_put_is_got_by_its_digest(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    reference = await blobs.put(b"content")
    assert reference == "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
    assert await blobs.get(reference) == b"content"
    assert await blobs.exists(reference)


async def test_the_same_content_is_kept_once(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    assert await blobs.put(b"x") == await blobs.put(b"x")
    assert [reference async for reference, _ in blobs.references()] == [await blobs.put(b"x")]


async def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    reference = await blobs.put(b"content")
    next(path for path in tmp_path.rglob("*") if path.is_file()).write_bytes(b"contEnt")
    with pytest.raises(IntegrityError):
        await blobs.get(reference)


@pytest.mark.parametrize("reference", ["", "../../etc/passwd", "A" * 64, "f" * 63])
async def test_a_reference_that_is_not_a_digest_finds_nothing(tmp_path: Path, reference: str) -> None:
    with pytest.raises(NotFound):
        await FileBlobs(tmp_path).get(reference)


async def test_a_deleted_blob_is_gone(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    reference = await blobs.put(b"content")
    await blobs.delete(reference)
    await blobs.delete(reference)
    assert not await blobs.exists(reference)


async def test_nothing_half_written_is_listed(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    reference = await blobs.put(b"content")
    (tmp_path / reference[:2] / reference[2:4] / f".{reference}.aside").write_bytes(b"cont")
    assert [found async for found, _ in blobs.references()] == [reference]


async def test_a_folder_that_is_gone_is_named_unavailable(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path / "blobs")
    await blobs.ping()
    (tmp_path / "blobs").rmdir()
    with pytest.raises(Unavailable):
        await blobs.ping()
