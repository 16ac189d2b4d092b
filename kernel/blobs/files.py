"""Blobs as files below a folder, two levels deep."""

import asyncio
import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from kernel.errors import IntegrityError, NotFound, Unavailable

_ASIDE = re.compile(r"\.[0-9a-f]{64}\.[0-9a-f]{8}")
_REFERENCE = re.compile(r"[0-9a-f]{64}")


class FileBlobs:
    """`BlobStore` in a local folder. A file is written aside, synced and renamed: whole or not there."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def put(self, data: bytes) -> str:
        """See `BlobStore.put`."""
        (reference,) = await asyncio.to_thread(self._put, (data,))
        return reference

    async def put_all(self, contents: Sequence[bytes]) -> list[str]:
        """See `BlobStore.put_all`."""
        return await asyncio.to_thread(self._put, contents)

    async def get(self, reference: str) -> bytes:
        """See `BlobStore.get`."""
        return await asyncio.to_thread(self._get, reference)

    async def exists(self, reference: str) -> bool:
        """See `BlobStore.exists`."""
        return await asyncio.to_thread(self._path(reference).is_file)

    async def delete(self, reference: str) -> None:
        """See `BlobStore.delete`."""
        await asyncio.to_thread(self._path(reference).unlink, True)

    async def ping(self) -> None:
        """See `BlobStore.ping`."""
        if not await asyncio.to_thread(os.access, self._directory, os.W_OK | os.X_OK):
            raise Unavailable("The file store cannot be written. Please tell the operator.")

    async def references(self) -> AsyncIterator[tuple[str, datetime]]:
        """See `BlobStore.references`."""
        for path in await asyncio.to_thread(lambda: sorted(self._directory.glob("??/??/*"))):
            if _REFERENCE.fullmatch(path.name):
                with contextlib.suppress(FileNotFoundError):
                    yield path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC)

    async def sweep_aside(self, older_than: datetime) -> int:
        """See `BlobStore.sweep_aside`."""
        return await asyncio.to_thread(self._sweep_aside, older_than.timestamp())

    async def close(self) -> None:
        """See `BlobStore.close`."""

    def _sweep_aside(self, before: float) -> int:
        swept = 0
        for path in self._directory.glob("??/??/.*"):
            with contextlib.suppress(FileNotFoundError):
                if _ASIDE.fullmatch(path.name) and path.stat().st_mtime < before:
                    path.unlink()
                    swept += 1
        return swept

    def _path(self, reference: str) -> Path:
        if not _REFERENCE.fullmatch(reference):
            raise NotFound("There is no such file.", reason="not a blob reference")
        return self._directory / reference[:2] / reference[2:4] / reference

    def _put(self, contents: Sequence[bytes]) -> list[str]:
        references = [hashlib.sha256(data).hexdigest() for data in contents]
        try:
            written = [
                self._write_aside(reference, data)
                for reference, data in dict(zip(references, contents, strict=True)).items()
            ]
            for aside, path in (each for each in written if each):
                aside.replace(path)
            folders = {folder for _aside, path in filter(None, written) for folder in path.parents[:3]}
            for folder in sorted(folders, key=lambda each: len(each.parts), reverse=True):
                _sync_folder(folder)
        except OSError as failure:
            raise Unavailable(
                "The file store cannot be written. Please tell the operator.", reason=str(failure)
            ) from failure
        return references

    def _write_aside(self, reference: str, data: bytes) -> tuple[Path, Path] | None:
        """The file under another name, synced, and what it is to be called; None when it is there already."""
        path = self._path(reference)
        if path.exists():
            os.utime(path)  # young again: the sweeper of orphans leaves it alone
            return None
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{reference}.{secrets.token_hex(4)}")
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return aside, path

    def _get(self, reference: str) -> bytes:
        try:
            data = self._path(reference).read_bytes()
        except FileNotFoundError as missing:
            raise NotFound("There is no such file.") from missing
        if hashlib.sha256(data).hexdigest() != reference:
            raise IntegrityError("A stored file was changed. Please tell the operator.", reason=f"blob {reference}")
        return data


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
