"""The master key file: one key a line (64 hex digits), the current one first, earlier ones below it."""

import os
import secrets
import stat
from pathlib import Path

from kernel.crypto.custody.secret_files import write_new_secret_file
from kernel.crypto.envelope import MASTER_KEY_BYTES
from kernel.errors import ConfigurationError


def load_or_create_master_key(path: Path) -> bytes:
    """The current master key, 32 bytes, made if the file does not exist. Errors as `load_or_create_master_keys`."""
    return load_or_create_master_keys(path)[0]


def load_or_create_master_keys(path: Path) -> tuple[bytes, ...]:
    """All master keys, the current one first.

    Raises ConfigurationError when the file is empty, malformed, or may be read by others or written by its group.
    A file mounted as a container secret may be readable by its group.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            write_new_secret_file(path, secrets.token_hex(MASTER_KEY_BYTES).encode() + b"\n")
        except FileExistsError:
            pass  # another process was faster; its key is as good
    return _load(path)


def _load(path: Path) -> tuple[bytes, ...]:
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name != "nt" and mode & 0o027:
        raise ConfigurationError("Others can read the master key file {path}. Run chmod 600 on it.", path=path)
    try:
        keys = tuple(bytes.fromhex(line) for line in path.read_text("ascii").split())
    except ValueError as error:
        raise ConfigurationError("The master key file {path} is damaged. Restore it.", path=path) from error
    if not keys or any(len(key) != MASTER_KEY_BYTES for key in keys):
        raise ConfigurationError("The master key file {path} is damaged. Restore it.", path=path)
    return keys
