"""Sessions of one token, and what is done when they or the whole module die. The only place that knows.

A lost session is replaced at once. A lost module is initialised anew, at most once in `reload_seconds`; until that
works, calls are refused quickly with Unavailable, so that a queue pauses instead of filling threads.
"""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TypeVar

import structlog

from kernel.crypto.custody.pkcs11 import constants as ck
from kernel.crypto.custody.pkcs11.address import Pkcs11Address
from kernel.crypto.custody.pkcs11.module import Pkcs11Error, Pkcs11Module, Token
from kernel.crypto.custody.pkcs11.pin_guard import PinGuard
from kernel.crypto.custody.pkcs11.shared_module import away, shared_module
from kernel.errors import ConfigurationError, Unavailable

T = TypeVar("T")
_log = structlog.get_logger(__name__)
_TRIES = 3


@dataclass(frozen=True)
class Session:
    """An open session: what a piece of work gets. `life` counts the module's initialisations."""

    module: Pkcs11Module
    token: Token
    handle: int
    life: int


class SessionPool:
    """Lends sessions that are logged in. Safe for threads."""

    def __init__(self, address: Pkcs11Address, guard: PinGuard) -> None:
        self._address = address
        self._guard = guard
        self._shared = shared_module(address.module_path)
        self._condition = threading.Condition()
        self._idle: dict[bool, list[Session]] = {False: [], True: []}
        self._lent = 0
        self._lost_life = 0
        self._logged_in: tuple[int, Token] | None = None
        self._entering = threading.Lock()
        self._refusal: ConfigurationError | None = None
        self._alarmed = False

    def run(self, work: Callable[[Session], T], *, writing: bool = False) -> T:
        """Do `work` with a session; it may be done again if the session or the module was lost under it.

        Raises Unavailable while the token is away, ConfigurationError when its PIN is refused; other refusals of the
        module pass as Pkcs11Error.
        """
        for _ in range(_TRIES):
            try:
                session = self._borrow(writing)
            except Pkcs11Error as error:
                if error.value not in ck.SESSION_LOST | ck.MODULE_LOST:
                    raise self._unavailable(error) from error
                self._alarm(error)
                failure = error
                continue
            try:
                with self._shared.writing if writing else nullcontext(), self._shared.using(session.life):
                    result = work(session)
            except Pkcs11Error as error:
                self._drop(session, error)
                if error.value not in ck.SESSION_LOST | ck.MODULE_LOST:
                    raise
                failure = error
                continue
            except BaseException:
                self._return(session, writing)
                raise
            self._return(session, writing)
            self._calm()
            return result
        raise self._unavailable(failure) from failure

    def _borrow(self, writing: bool) -> Session:
        with self._condition:
            if self._refusal:
                raise self._refusal
            deadline = time.monotonic() + self._address.patience_seconds
            while not self._idle[writing] and self._lent >= self._address.sessions:
                if not self._condition.wait(deadline - time.monotonic()):
                    raise away(self._address.module_path, "every session is busy")
            self._lent += 1
            idle = self._idle[writing].pop() if self._idle[writing] else None
        if idle and idle.life > self._lost_life:
            return idle
        try:
            return self._open(writing)
        except BaseException:
            self._release()
            raise

    def _open(self, writing: bool) -> Session:
        with self._entering:
            life = self._shared.ensure(self._lost_life, self._address.reload_seconds)
            try:
                with self._shared.using(life):
                    return self._enter(life, writing)
            except Pkcs11Error as error:
                if error.value in ck.MODULE_LOST:
                    self._lose(life)
                raise

    def _enter(self, life: int, writing: bool) -> Session:
        module = self._shared.module
        if self._logged_in is None or self._logged_in[0] != life:
            token = self._find_token(module)
        else:
            token = self._logged_in[1]
        handle = module.open_session(token.slot, writing=writing)
        if self._logged_in is None or self._logged_in[0] != life:
            try:
                self._guard.login(module, handle, token, self._address.pin)
            except ConfigurationError as refusal:
                self._refusal = refusal
                module.close_session(handle)
                raise
            self._logged_in = (life, token)
        return Session(module, token, handle, life)

    def _find_token(self, module: Pkcs11Module) -> Token:
        wanted = self._address.match
        found = [token for token in module.tokens() if _matches(token, wanted)]
        if not found:
            raise Pkcs11Error("GetSlotList", ck.CKR_TOKEN_NOT_PRESENT)
        if len(found) > 1:
            raise ConfigurationError("More than one token is like {wanted}. Name its serial.", wanted=dict(wanted))
        return found[0]

    def _drop(self, session: Session, error: Pkcs11Error) -> None:
        """Not lent again. What was lost beyond the one session is opened anew when next wanted."""
        if error.value in ck.MODULE_LOST:
            self._alarm(error)
            self._lose(session.life)
        else:
            useless = [session]
            if error.value in ck.SESSION_LOST:
                with self._entering:
                    self._logged_in = None
                with self._condition:
                    useless += [*self._idle[False], *self._idle[True]]
                    self._idle = {False: [], True: []}
            self._close(useless)
        self._release()

    def _close(self, sessions: list[Session]) -> None:
        for session in sessions:
            try:
                with self._shared.using(session.life):
                    session.module.close_session(session.handle)
            except Pkcs11Error:
                pass  # it is gone, which is what was wanted

    def _lose(self, life: int) -> None:
        with self._condition:
            self._lost_life = max(self._lost_life, life)
            self._idle = {False: [], True: []}

    def _return(self, session: Session, writing: bool) -> None:
        with self._condition:
            if session.life > self._lost_life:
                self._idle[writing].append(session)
        self._release()

    def _release(self) -> None:
        with self._condition:
            self._lent -= 1
            self._condition.notify()

    def _alarm(self, error: Pkcs11Error) -> None:
        """Once for each outage."""
        with self._condition:
            first, self._alarmed = not self._alarmed, True
        if first:
            _log.error("key store lost", module=self._address.module_path, reason=str(error))

    def _calm(self) -> None:
        if self._alarmed:
            with self._condition:
                self._alarmed = False
            _log.info("key store is back", module=self._address.module_path)

    def _unavailable(self, error: Pkcs11Error) -> Unavailable:
        self._alarm(error)
        return away(self._address.module_path, str(error))


def _matches(token: Token, wanted: Mapping[str, str]) -> bool:
    facts = {
        "token": token.label,
        "manufacturer": token.manufacturer,
        "model": token.model,
        "serial": token.serial,
        "slot-id": str(token.slot),
    }
    return all(facts[name] == value for name, value in wanted.items())
