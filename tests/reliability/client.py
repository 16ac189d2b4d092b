"""An agency's program that issues without a pause and notes what it was promised."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.demo_house import new_key
from tests.houses import food_order
from tests.reliability.issuing_server import CLIENT_ID, SCOPES


@dataclass
class Promises:
    """By `Idempotency-Key`: the answers that were acknowledged, and the orders of those that never were."""

    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    unanswered: dict[str, dict[str, Any]] = field(default_factory=dict)


class Program:
    """The program at one start of the service."""

    def __init__(self, port: int, secret: str) -> None:
        self.base = f"http://127.0.0.1:{port}"
        answer = httpx.post(
            f"{self.base}/oauth2/token",
            data={"grant_type": "client_credentials", "scope": " ".join(SCOPES)},
            auth=(CLIENT_ID, secret),
        )
        assert answer.status_code == 200, answer.text
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def post(self, order: dict[str, Any], key: str) -> httpx.Response:
        """Send one order."""
        headers = {**self.headers, "Idempotency-Key": key}
        return httpx.post(f"{self.base}/api/v1/licences", json=order, headers=headers, timeout=60)

    def get(self, path: str) -> httpx.Response:
        """Read something."""
        return httpx.get(f"{self.base}{path}", headers=self.headers, timeout=60)

    def issue_until_it_dies(self, begun: threading.Event, seconds: float, workers: int) -> Promises:
        """Issue with so many workers until the service is gone; `begun` is set when the first order goes out."""
        promises, end = Promises(), time.monotonic() + seconds
        with ThreadPoolExecutor(workers) as pool:
            for done in [pool.submit(self._work, promises, begun, end) for _ in range(workers)]:
                done.result()
        return promises

    def _work(self, promises: Promises, begun: threading.Event, end: float) -> None:
        while time.monotonic() < end:
            key, order = new_key(), food_order()
            begun.set()
            try:
                answer = self.post(order, key)
            except httpx.TransportError:
                promises.unanswered[key] = order
                return
            assert answer.status_code == 201, answer.text
            promises.acknowledged[key] = answer.json()
