"""A module of this process, whoever uses it: C_Initialize and C_Finalize concern them all."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from kernel.crypto.custody.pkcs11 import constants as ck
from kernel.crypto.custody.pkcs11.module import Pkcs11Error, Pkcs11Module
from kernel.errors import Unavailable

_LONGEST_CALL_SECONDS = 10.0


class SharedModule:
    """Initialises a module, and does so anew after it died. `life` counts how often."""

    def __init__(self, path: str) -> None:
        self.module = Pkcs11Module(path)
        self._condition = threading.Condition()
        self._life = 0
        self._is_up = False
        self._is_initialized = False
        self._calls: dict[int, float] = {}  # thread → since when
        self._begun_at = self._not_before = float("-inf")
        self._process = os.getpid()
        self.writing = threading.Lock()
        """Held while keys are made or destroyed: SoftHSM answers CKR_GENERAL_ERROR where two threads do so at once."""

    def ensure(self, lost_life: int, pause: float) -> int:
        """The life of a module that is up and younger than `lost_life`.

        Raises Pkcs11Error when it cannot be initialised. Unavailable for `pause` seconds after that, and where it was
        lost twice within as many: a single error is mended at once, a module that keeps dying is left in peace.
        """
        with self._condition:
            if self._process != os.getpid():  # a forked child has no module yet
                self._process, self._is_up, self._is_initialized = os.getpid(), False, False
                self._calls, self._begun_at, self._not_before = {}, float("-inf"), float("-inf")
                self.writing = threading.Lock()
            deadline = time.monotonic() + _LONGEST_CALL_SECONDS
            while not (self._is_up and self._life > lost_life):
                self._is_up = False
                if not self._calls:
                    return self._begin(pause)
                # C_Finalize under a call of another thread is undefined: let them all come back first.
                if not self._condition.wait(deadline - time.monotonic()):
                    raise away(self.module.path, "a call does not come back")
            return self._life

    @contextmanager
    def using(self, life: int) -> Iterator[None]:
        """Around every call; raises Pkcs11Error when `life` is over."""
        with self._condition:
            if not self._is_up or self._life != life:
                raise Pkcs11Error("Initialize", ck.CKR_CRYPTOKI_NOT_INITIALIZED)
            self._calls[threading.get_ident()] = time.monotonic()
        try:
            yield
        finally:
            with self._condition:
                self._calls.pop(threading.get_ident(), None)
                self._condition.notify_all()

    def oldest_call_seconds(self) -> float:
        """How long the call that is under way longest has been so; 0 without any."""
        with self._condition:
            return time.monotonic() - min(self._calls.values()) if self._calls else 0.0

    def _begin(self, pause: float) -> int:
        now = time.monotonic()
        if now < self._not_before:
            raise away(self.module.path, f"next try in {self._not_before - now:.1f} s")
        self._not_before = now + pause
        if self._is_initialized:
            self._is_initialized = False
            try:
                self.module.finalize()
            except Pkcs11Error:
                pass  # a dead module cannot say goodbye
        self.module.initialize()
        if now - self._begun_at >= pause:
            self._not_before = now
        self._begun_at = now
        self._is_initialized = self._is_up = True
        self._life += 1
        return self._life


_modules: dict[str, SharedModule] = {}
_loading = threading.Lock()


def shared_module(path: str) -> SharedModule:
    """The one of this process; raises ConfigurationError if it cannot be loaded."""
    with _loading:
        if path not in _modules:
            _modules[path] = SharedModule(path)
        return _modules[path]


def oldest_call_seconds() -> float:
    """As `SharedModule.oldest_call_seconds`, of all modules. What hangs in a module nothing can free but a restart."""
    return max((module.oldest_call_seconds() for module in list(_modules.values())), default=0.0)


def away(module: str, reason: str) -> Unavailable:
    """What callers hear while keys cannot be reached."""
    return Unavailable("The key store does not answer. Try again shortly.", reason=f"{module}: {reason}")
