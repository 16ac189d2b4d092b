"""Requests that come twice: a client that heard nothing asks again under the same id and gets the same answer."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from kernel.errors import Conflict

KEPT_SECONDS = 600.0
_MOST = 50_000


@dataclass(frozen=True)
class _Kept:
    fingerprint: bytes
    answer: object
    at: float


@dataclass
class _Turn:
    """One id's turn; `wanted` counts who holds it or waits for it, so that it is forgotten by the last alone."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    wanted: int = 0


class Repeats:
    """Answers by request id, for ten minutes. Safe for threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._under_way: dict[str, _Turn] = {}
        self._lock = threading.Lock()
        self._monotonic = monotonic

    def once(self, request_id: str, fingerprint: bytes, work: Callable[[], object]) -> object:
        """What `work` gives, done once for an id. Errors are not kept. Raises Conflict for an id of another request."""
        with self._turn(request_id):
            kept = self._find(request_id)
            if kept is None:
                answer = work()
                self._keep(request_id, _Kept(fingerprint, answer, self._monotonic()))
                return answer
            if kept.fingerprint != fingerprint:
                raise Conflict("This request id was used for another request.")
            return kept.answer

    @contextmanager
    def _turn(self, request_id: str) -> Iterator[None]:
        with self._lock:
            turn = self._under_way.setdefault(request_id, _Turn())
            turn.wanted += 1
        try:
            with turn.lock:
                yield
        finally:
            with self._lock:
                turn.wanted -= 1
                if not turn.wanted:
                    del self._under_way[request_id]

    def _find(self, request_id: str) -> _Kept | None:
        with self._lock:
            while self._kept:
                oldest = next(iter(self._kept))
                if len(self._kept) <= _MOST and self._kept[oldest].at > self._monotonic() - KEPT_SECONDS:
                    break
                del self._kept[oldest]
            return self._kept.get(request_id)

    def _keep(self, request_id: str, kept: _Kept) -> None:
        with self._lock:
            self._kept[request_id] = kept
