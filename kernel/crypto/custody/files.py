"""Keys as encrypted files in a folder."""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kernel.crypto.custody.secret_files import remove_secret_file, replace_secret_file, write_new_secret_file
from kernel.crypto.envelope import Envelope, MasterKeys
from kernel.crypto.keystore import check_key_name, is_key_name
from kernel.crypto.private_keys import PrivateKey, generate_key, load_private_key
from kernel.crypto.signatures import NO_PSS, PssSigner, SigningAlgorithm, SigningKey
from kernel.errors import Conflict, InvalidInput, NotFound

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    fcntl = None  # type: ignore[assignment]

_SUFFIX = ".key"
_Stamp = tuple[int, int]


@dataclass(frozen=True)
class StoredKey:
    """A handle of FileKeyStore: signs, and cannot be written out."""

    name: str
    algorithm: SigningAlgorithm
    public_spki: bytes
    _key: PrivateKey

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)

    def sign_pss(self, data: bytes) -> bytes:
        """See PssSigner."""
        if not isinstance(self._key, PssSigner):
            raise InvalidInput(NO_PSS)
        return self._key.sign_pss(data)

    def __repr__(self) -> str:
        return f"StoredKey({self.name}, {self.algorithm})"


class FileKeyStore:
    """Keys as files, PKCS#8 in envelopes bound to their names: a file renamed does not open.

    `previous`: earlier master keys, newest first. Keys given by a function are asked for at every use.
    """

    def __init__(
        self, directory: Path, master_key: bytes | Callable[[], MasterKeys], *, previous: Sequence[bytes] = ()
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._directory = directory
        if callable(master_key):
            self._envelope = Envelope.following(master_key)
        else:
            self._envelope = Envelope(master_key, previous=previous)
        self._opened: dict[str, tuple[_Stamp, StoredKey]] = {}
        self._lock = threading.Lock()

    def generate(self, name: str, algorithm: SigningAlgorithm) -> SigningKey:
        """See KeyStore."""
        path = self._path(name)
        if path.exists():
            raise Conflict("There is already a key called {name}.", name=name)
        key = generate_key(algorithm)
        sealed = self._envelope.encrypt(key.to_pkcs8(), context=_context(name))
        try:
            write_new_secret_file(path, sealed)
        except FileExistsError as error:
            raise Conflict("There is already a key called {name}.", name=name) from error
        return self._keep(path, key)

    def open(self, name: str) -> SigningKey:
        """See KeyStore. Raises IntegrityError if the file was changed."""
        path = self._path(name)
        try:
            with self._lock:
                stamp, opened = self._opened.get(name, (None, None))
            if opened and stamp == _stamp(path):
                return opened
            sealed = path.read_bytes()
        except FileNotFoundError as error:
            self._forget(name)
            raise NotFound("There is no key called {name}.", name=name) from error
        return self._keep(path, load_private_key(self._envelope.decrypt(sealed, context=_context(name))))

    def exists(self, name: str) -> bool:
        return self._path(name).exists()

    def names(self) -> list[str]:
        return sorted(
            path.name.removesuffix(_SUFFIX)
            for path in self._directory.glob(f"*{_SUFFIX}")
            if is_key_name(path.name.removesuffix(_SUFFIX))
        )

    def destroy(self, name: str) -> None:
        """See KeyStore."""
        self._forget(name)
        try:
            with _alone(self._directory):
                remove_secret_file(self._path(name))
        except FileNotFoundError as error:
            raise NotFound("There is no key called {name}.", name=name) from error

    def hanging_on_others(self) -> list[str]:
        """The names of the keys whose files are not under the current master key yet."""
        found = []
        for name in self.names():
            with contextlib.suppress(FileNotFoundError):
                if self._envelope.needs_rewrap(self._path(name).read_bytes()):
                    found.append(name)
        return found

    def rewrap(self, name: str) -> None:
        """Put a key's file under the current master key; nothing happens when it is gone."""
        path = self._path(name)
        with _alone(self._directory), contextlib.suppress(FileNotFoundError):
            replace_secret_file(path, self._envelope.rewrap(path.read_bytes(), context=_context(name)))

    def _path(self, name: str) -> Path:
        check_key_name(name)
        return self._directory / f"{name}{_SUFFIX}"

    def _keep(self, path: Path, key: PrivateKey) -> StoredKey:
        name = path.name.removesuffix(_SUFFIX)
        stored = StoredKey(name, key.algorithm, key.public_spki, key)
        with self._lock:
            self._opened[name] = (_stamp(path), stored)
        return stored

    def _forget(self, name: str) -> None:
        with self._lock:
            self._opened.pop(name, None)


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Among processes: a key that one destroys must not be put back by another that rewraps it."""
    if fcntl is None:
        yield
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _stamp(path: Path) -> _Stamp:
    """Tells whether another process destroyed the key, or made another under its name."""
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


def _context(name: str) -> str:
    return f"key:{name}"
