"""Programs that call the whole application in this process, with tokens from its own token endpoint."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.houses import TestHouse, food_order

URL = "/api/v1/licences"
MEMBERS = {"id", "identifier", "version", "status", "type", "issued_at", "files", "qr", "content_digest"}
ALL = ("licence:read", "licence:issue", "licence:manage")


@dataclass(frozen=True)
class Service:
    """The whole application in this process, and programs that call it."""

    world: TestHouse
    anyone: httpx.AsyncClient
    agency: httpx.AsyncClient
    other: httpx.AsyncClient
    reader: httpx.AsyncClient
    private: httpx.AsyncClient


async def issue(client: httpx.AsyncClient, key: str = "", **changes: Any) -> dict[str, Any]:
    headers = {"Idempotency-Key": key} if key else {}
    answer = await client.post(URL, json=food_order(**changes), headers=headers)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem details (RFC 9457) of a refusal."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.headers["cache-control"] == "no-store"
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    assert told["type"].startswith("urn:xinyin:problem:")
    assert told["title"]
    assert told["detail"]
    return told
