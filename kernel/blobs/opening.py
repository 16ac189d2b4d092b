"""From `XINYIN_BLOB_URL` to the store."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from kernel.blobs.files import FileBlobs
from kernel.blobs.store import BlobStore
from kernel.errors import ConfigurationError


@dataclass(frozen=True)
class BlobAddress:
    """Where blobs are, and who we are there (nobody, for a folder)."""

    url: str
    access_key: str = ""
    secret_key: str = field(default="", repr=False)


def blob_folder(url: str) -> Path | None:
    """The folder of a `file:` store, None for others."""
    return Path(url.removeprefix("file:")) if url.startswith("file:") else None


def open_blobs(address: BlobAddress, part: str = "") -> BlobStore:
    """The store, or a `part` of it with blobs of its own. Raises ConfigurationError."""
    folder = blob_folder(address.url)
    if folder is not None:
        return FileBlobs(folder / part if part else folder)
    from kernel.blobs.s3 import S3Blobs, parse_s3

    parsed = parse_s3(address.url, address.access_key, address.secret_key)
    return S3Blobs(replace(parsed, prefix="/".join(filter(None, (parsed.prefix, part)))))


def check_blob_address(address: BlobAddress) -> None:
    """Raises ConfigurationError that says what is wrong."""
    if blob_folder(address.url) is not None:
        return
    from kernel.blobs.s3 import parse_s3

    parse_s3(address.url)
    if not address.access_key or not address.secret_key:
        raise ConfigurationError("XINYIN_BLOB_URL: a bucket needs XINYIN_BLOB_ACCESS_KEY and XINYIN_BLOB_SECRET_KEY.")


def is_protected(address: BlobAddress) -> bool:
    """Whether nobody on the way to the store can listen or answer in its place."""
    if blob_folder(address.url) is not None:
        return True
    from kernel.blobs.s3 import parse_s3

    return parse_s3(address.url).endpoint.startswith("https://")
