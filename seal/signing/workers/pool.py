"""A few workers, each fed by a thread: bounded waiting, deadlines, the dead replaced."""

import asyncio
import hashlib
import itertools
import queue
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

import structlog

from kernel.crypto.signatures import SigningAlgorithm, SigningKey
from kernel.errors import RateLimited, Unavailable
from seal.signing.pressing.order import PressLost, PressOrder
from seal.signing.workers.child import Child, KeyPlace
from seal.signing.workers.wire import read_error, write_order
from seal.validation.transfer import write_trust
from seal.validation.trust import TrustStore

WAITING_A_WORKER: Final = 16
DEADLINE_SECONDS: Final = 60.0
BUSY_SECONDS: Final = 2
_SOON, _LATER, _NEVER = 0, 1, 9
_log = structlog.get_logger()

Reply = dict[str, Any]


@dataclass(frozen=True)
class PoolSettings:
    """How many workers, where keys are, how long one task may take."""

    workers: int
    place: KeyPlace
    deadline_seconds: float = DEADLINE_SECONDS


@dataclass(frozen=True)
class _Task:
    message: Mapping[str, Any]
    done: "Future[Reply]"
    trust: TrustStore | None = None


@dataclass(frozen=True)
class RemoteKey:
    """A key that a worker holds. Signing blocks."""

    algorithm: SigningAlgorithm
    public_spki: bytes
    pool: "WorkerPool"
    sign_message: Mapping[str, Any]

    def sign(self, data: bytes) -> bytes:
        """See `SigningKey`."""
        signature: bytes = self.pool.ask({**self.sign_message, "data": data})["signature"]
        return signature


class WorkerPool:
    """Implements `seal.signing.pressing.order.Press`. Processes start with the first task."""

    def __init__(self, settings: PoolSettings) -> None:
        self._settings = settings
        self._queue: queue.PriorityQueue[tuple[int, int, _Task | None]] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._children: dict[int, Child] = {}
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._closed = False
        self._service_keys: dict[str, RemoteKey] = {}
        self._told: tuple[TrustStore | None, str, bytes] = (None, "", b"")

    async def press(self, order: PressOrder) -> list[bytes]:
        """See `Press`. Raises `RateLimited` when too much is waiting already."""
        message = {"task": "press", "order": write_order(order)}
        reply = await asyncio.wrap_future(self._put(_LATER, _Task(message, Future(), order.trust)))
        sealed: list[bytes] = _checked(reply)["sealed"]
        return sealed

    def open_service_key(self, purpose: str) -> SigningKey:
        """See `Press`."""
        if purpose not in self._service_keys:
            reply = self.ask({"task": "service_key", "purpose": purpose})
            sign = {"task": "sign_service", "purpose": purpose}
            self._service_keys[purpose] = RemoteKey(reply["algorithm"], reply["spki"], self, sign)
        return self._service_keys[purpose]

    def ask(self, message: Mapping[str, Any]) -> Reply:
        """Have a short task done before any document; blocks. Raises what the worker refuses with, `Unavailable`."""
        try:
            return _checked(self._put(_SOON, _Task(message, Future())).result())
        except PressLost as failure:
            raise Unavailable("The keys of seals are out of reach. Please try again in a moment.") from failure

    @property
    def pids(self) -> list[int]:
        """The processes that run now."""
        return [child.pid for child in list(self._children.values()) if child.is_alive]

    def close(self) -> None:
        """End every worker; what is waiting is lost."""
        with self._lock:
            self._closed = True
        for _thread in self._threads:
            self._queue.put((_NEVER, next(self._numbers), None))
        for child in list(self._children.values()):
            child.close()
        for thread in self._threads:
            thread.join()
        while not self._queue.empty():
            task = self._queue.get_nowait()[2]
            if task is not None:
                task.done.set_exception(PressLost("closed"))

    def _put(self, urgency: int, task: _Task) -> "Future[Reply]":
        with self._lock:
            if self._closed:
                raise Unavailable("The service is shutting down. Please try again in a moment.")
            if not self._threads:
                self._start()
        if urgency == _LATER and self._queue.qsize() >= WAITING_A_WORKER * self._settings.workers:
            raise RateLimited("Sealing is busy. Please try again in a moment.", retry_after_seconds=BUSY_SECONDS)
        self._queue.put((urgency, next(self._numbers), task))
        return task.done

    def _start(self) -> None:
        for number in range(self._settings.workers):
            thread = threading.Thread(target=self._feed, args=(number,), name=f"sealing-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _feed(self, number: int) -> None:
        """One thread a worker: take a task, have it done, replace the worker when it is lost."""
        while True:
            _urgency, _number, task = self._queue.get()
            if task is None or self._closed:
                if task is not None:
                    task.done.set_exception(PressLost("closed"))
                return
            if not task.done.set_running_or_notify_cancel():
                continue
            try:
                task.done.set_result(self._do(number, task))
            except BaseException as failure:  # noqa: BLE001 - whoever waits must be told, whatever it was
                task.done.set_exception(failure)

    def _do(self, number: int, task: _Task) -> Reply:
        child = self._alive(number)
        try:
            if task.trust is None:
                return child.ask(task.message, self._settings.deadline_seconds)
            id, trust = self._trust_message(task.trust)
            if child.trust != id:
                child.ask({"task": "trust", "id": id, "trust": trust}, self._settings.deadline_seconds)
                child.trust = id
            return child.ask({**task.message, "trust": id}, self._settings.deadline_seconds)
        except PressLost as failure:
            _log.warning("a sealing worker was lost", pid=child.pid, reason=str(failure))
            raise

    def _alive(self, number: int) -> Child:
        child = self._children.get(number)
        if child is None or not child.is_alive:
            if child is not None:
                child.close()
            child = self._children[number] = Child(self._settings.place)
        return child

    def _trust_message(self, trust: TrustStore) -> tuple[str, bytes]:
        known, id, data = self._told
        if known is not trust:
            data = write_trust(trust)
            id = hashlib.sha256(data).hexdigest()
            self._told = (trust, id, data)
        return id, data


def _checked(reply: Reply) -> Reply:
    if "error" in reply:
        raise read_error(reply)
    return reply
