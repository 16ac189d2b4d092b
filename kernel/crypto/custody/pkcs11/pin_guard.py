"""A PIN that was refused once is not tried again, by no process of this machine, until it is another or set free.

Tokens lock after a few wrong PINs, and a locked token stops every seal. What is kept is a MAC of the PIN, never itself.
"""

import hashlib
import hmac
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kernel.crypto.custody.pkcs11 import constants as ck
from kernel.crypto.custody.pkcs11.module import Pkcs11Error, Pkcs11Module, Token
from kernel.crypto.custody.secret_files import sync_directory
from kernel.errors import ConfigurationError

try:
    import fcntl
except ImportError:  # Windows: logins of several processes are not kept apart
    fcntl = None  # type: ignore[assignment]


class PinGuard:
    """Logs in to tokens, at most once with each wrong PIN."""

    def __init__(self, key: bytes, state: Path | None) -> None:
        """`key`: for the MAC. `state`: the folder of the marks; without it they last as long as this process."""
        self._key = key
        self._state = state
        self._refused: dict[str, str] = {}
        self._lock = threading.Lock()

    def login(self, module: Pkcs11Module, session: int, token: Token, pin: bytes) -> None:
        """Log in; raises ConfigurationError when the PIN was refused now or before, or one more try could lock."""
        name = hashlib.sha256(f"{token.serial}\x00{token.label}".encode()).hexdigest()[:32]
        mark = hmac.digest(self._key, f"pkcs11 pin\x00{name}\x00".encode() + pin, "sha256").hex()
        with self._lock, self._alone(name):
            if hmac.compare_digest(self._read(name), mark):
                raise _refused(token, "refused before")
            flags = module.token(token.slot).flags
            if flags & (ck.CKF_USER_PIN_LOCKED | ck.CKF_USER_PIN_FINAL_TRY):
                raise ConfigurationError(
                    "The token {token} is locked, or one wrong PIN away from it. Log in to it by hand, then restart.",
                    token=token.label,
                )
            try:
                module.login(session, pin)
            except Pkcs11Error as error:
                if error.value in ck.PIN_REFUSED or error.value == ck.CKR_USER_PIN_NOT_INITIALIZED:
                    self._write(name, mark)
                    raise _refused(token, str(error)) from error
                raise
            self._write(name, "")

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """One process at a time, so that three workers do not try a wrong PIN three times."""
        if self._state is None or fcntl is None:
            yield
            return
        self._state.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._state / f"pkcs11-{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _read(self, name: str) -> str:
        if self._state is None:
            return self._refused.get(name, "")
        try:
            return (self._state / f"pkcs11-{name}.refused").read_text("ascii")
        except FileNotFoundError:
            return ""

    def _write(self, name: str, mark: str) -> None:
        if self._state is None:
            self._refused[name] = mark
            return
        path = self._state / f"pkcs11-{name}.refused"
        if not mark:
            path.unlink(missing_ok=True)
            return
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, mark.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_directory(path.parent)


def _refused(token: Token, reason: str) -> ConfigurationError:
    return ConfigurationError(
        "The token {token} refuses the PIN. It is not tried again: set the right one in pin-source and restart.",
        token=token.label,
        reason=reason,
    )
