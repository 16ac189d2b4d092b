"""Requests that come twice: a client that heard nothing asks again under the same id and gets the same answer."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from kernel.errors import Conflict

KEPT_SECONDS = 600.0
_MOST = 50_000


@dataclass(frozen=True)
class _Kept:
    fingerprint: bytes
    answer: object
    at: float


class Repeats:
    """Answers by request id, for ten minutes. Safe for threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._under_way: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self._monotonic = monotonic

    def once(self, request_id: str, fingerprint: bytes, work: Callable[[], object]) -> object:
        """What `work` gives, done once for an id. Errors are not kept. Raises Conflict for an id of another request."""
        with self._lock:
            alone = self._under_way.setdefault(request_id, threading.Lock())
        with alone:
            try:
                kept = self._find(request_id)
                if kept is None:
                    answer = work()
                    self._keep(request_id, _Kept(fingerprint, answer, self._monotonic()))
                    return answer
                if kept.fingerprint != fingerprint:
                    raise Conflict("This request id was used for another request.")
                return kept.answer
            finally:
                with self._lock:
                    self._under_way.pop(request_id, None)

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
