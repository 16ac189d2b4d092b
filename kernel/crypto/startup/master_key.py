"""The master key file: one key a line (64 hex digits), the current one first, other readable ones below it.

A line `lasting KEY` names what blind indexes are keyed by; without it that is the last key. `staged KEY` is the next
master key: readable already, used for nothing new yet. Whoever uses the keys follows the file while it runs.
"""

import os
import secrets
import stat
import threading
from dataclasses import replace
from pathlib import Path

from kernel.crypto.custody.secret_files import replace_secret_file, write_new_secret_file
from kernel.crypto.envelope import MASTER_KEY_BYTES, MasterKeys
from kernel.errors import ConfigurationError, XinyinError

LASTING, STAGED = "lasting", "staged"


def load_or_create_master_key(path: Path) -> bytes:
    """The current master key, 32 bytes, made if the file does not exist. Errors as `load_or_create_master_keys`."""
    return load_or_create_master_keys(path).current


def load_or_create_master_keys(path: Path) -> MasterKeys:
    """All master keys.

    Raises ConfigurationError when the file is empty, malformed, or may be read by others or written by its group.
    A file mounted as a container secret may be readable by its group.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            write_new_secret_file(path, _lines(MasterKeys(secrets.token_bytes(32), (), secrets.token_bytes(32))))
        except FileExistsError:
            pass  # another process was faster; its key is as good
    return _load(path)


class MasterKeyFile:
    """The keys of the file as it is now: call it. A file that cannot be read meanwhile leaves the keys as they were."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._keys, self._stamp = load_or_create_master_keys(path), _stamp(path)

    def __call__(self) -> MasterKeys:
        stamp = _stamp(self._path)
        if stamp == self._stamp or stamp is None:
            return self._keys
        with self._lock:
            try:
                self._keys, self._stamp = _load(self._path), stamp
            except (XinyinError, OSError):
                self._stamp = None  # look again next time
            return self._keys


def stage_master_key(path: Path) -> None:
    """Put a new master key into the file that opens records and closes none yet; nothing if there is one already."""
    keys = _load(path)
    if not keys.staged:
        _write(path, replace(keys, staged=secrets.token_bytes(MASTER_KEY_BYTES)))


def change_master_key(path: Path) -> None:
    """Make the staged key, or a new one, the current one. The earlier ones go on opening records."""
    keys = _load(path)
    fresh = keys.staged or secrets.token_bytes(MASTER_KEY_BYTES)
    _write(path, MasterKeys(fresh, (keys.current, *keys.earlier), keys.lasting))


def drop_earlier_master_keys(path: Path) -> None:
    """Forget every master key but the current one; the lasting key stays what it is."""
    keys = _load(path)
    _write(path, MasterKeys(keys.current, (), keys.lasting, keys.staged))


def _write(path: Path, keys: MasterKeys) -> None:
    replace_secret_file(path, _lines(keys))


def _lines(keys: MasterKeys) -> bytes:
    lines = [key.hex() for key in (keys.current, *keys.earlier)]
    if keys.staged:
        lines.append(f"{STAGED} {keys.staged.hex()}")
    return "".join(f"{line}\n" for line in [*lines, f"{LASTING} {keys.lasting.hex()}"]).encode()


def _load(path: Path) -> MasterKeys:
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name != "nt" and mode & 0o027:
        raise ConfigurationError("Others can read the master key file {path}. Run chmod 600 on it.", path=path)
    damaged = ConfigurationError("The master key file {path} is damaged. Restore it.", path=path)
    plain, named = list[bytes](), dict[str, bytes]()
    try:
        for words in (line.split() for line in path.read_text("ascii").splitlines() if line.strip()):
            if len(words) == 2 and words[0] in (LASTING, STAGED) and words[0] not in named:
                named[words[0]] = bytes.fromhex(words[1])
            else:
                plain.extend(bytes.fromhex(word) for word in words)
    except ValueError as error:
        raise damaged from error
    staged = named.get(STAGED)
    keys = [*plain, *([staged] if staged else [])]
    if not plain or any(len(key) != MASTER_KEY_BYTES for key in [*keys, *named.values()]):
        raise damaged
    return MasterKeys(keys[0], tuple(keys[1:]), named.get(LASTING) or plain[-1], staged or b"")


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns
