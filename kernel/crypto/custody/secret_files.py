"""Secret files: written once, whole or not at all, 0600, on the disk when the call returns."""

import os
import secrets
from pathlib import Path


def write_new_secret_file(path: Path, content: bytes) -> None:
    """Create `path` with `content`; raises FileExistsError if it is there already, whoever was faster."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)  # unlike rename, this never replaces
    finally:
        temporary.unlink(missing_ok=True)
    sync_directory(path.parent)


def replace_secret_file(path: Path, content: bytes) -> None:
    """Put `content` in the place of what `path` holds, with the same mode and owner: readers see the one or the other.

    Raises FileNotFoundError when it is not there.
    """
    before = path.stat()
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if os.name != "nt":
                os.fchmod(file.fileno(), before.st_mode & 0o777)
                if os.geteuid() == 0:
                    os.fchown(file.fileno(), before.st_uid, before.st_gid)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_directory(path.parent)


def remove_secret_file(path: Path) -> None:
    """Remove `path`, durably; raises FileNotFoundError."""
    path.unlink()
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make names in `directory` survive a power cut. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
