"""Fetching and posting, guarded: the name is resolved once, judged, and the judged address is the one called."""

import asyncio
import ipaddress
import json
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from kernel.errors import Unavailable
from kernel.outbound.policy import Address, AddressRefused, OutboundPolicy

MOST_BYTES = 256 * 1024
SECONDS = 5.0

Resolver = Callable[[str, int], Awaitable[Sequence[Address]]]


@dataclass(frozen=True)
class Fetched:
    """An answer: its status, its kind without parameters, its body."""

    status: int
    content_type: str
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises `Unavailable`."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise Unavailable("The other side's answer cannot be read.", reason="not JSON") from error


async def resolve(host: str, port: int) -> Sequence[Address]:
    """Every address of a name, by the system's resolver. Raises `Unavailable`."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable("The other side does not answer.", reason=f"cannot resolve: {error}") from error
    return [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]


class GuardedFetcher:
    """Calls addresses that clients named. `transport` and `resolver` are for tests."""

    def __init__(
        self,
        policy: OutboundPolicy,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        resolver: Resolver = resolve,
        seconds: float = SECONDS,
    ) -> None:
        self._policy = policy
        self._transport = transport
        self._resolve = resolver
        self._seconds = seconds

    async def get(self, url: str, *, accept: str = "application/json", most_bytes: int = MOST_BYTES) -> Fetched:
        """The answer to a GET; redirects are not followed. Raises `AddressRefused`, `Unavailable`."""
        return await self._call("GET", url, {"Accept": accept}, None, most_bytes)

    async def post_form(self, url: str, form: Mapping[str, str]) -> Fetched:
        """The answer to a form. Raises `AddressRefused`, `Unavailable`."""
        return await self._call("POST", url, {"Accept": "*/*"}, form, MOST_BYTES)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Fetched:
        """The answer to a body of any kind; `headers` say which. Raises `AddressRefused`, `Unavailable`."""
        return await self._call("POST", url, {"Accept": "*/*", **headers}, body, MOST_BYTES)

    async def _call(
        self, method: str, url: str, headers: Mapping[str, str], sent: Mapping[str, str] | bytes | None, most_bytes: int
    ) -> Fetched:
        parts = self._policy.read(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            async with asyncio.timeout(self._seconds):
                address = await self._judged_address(parts.scheme, host, port)
                pinned = httpx.URL(url).copy_with(host=str(address))
                named = {**headers, "Host": parts.netloc}
                body = {"content": sent} if isinstance(sent, bytes) else {"data": sent}
                request = httpx.Request(method, pinned, headers=named, **body)
                return await self._send(request, host, most_bytes)
        except TimeoutError as error:
            raise Unavailable("The other side does not answer.", reason="time is up") from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise Unavailable("The other side does not answer.", reason=type(error).__name__) from error

    async def _judged_address(self, scheme: str, host: str, port: int) -> Address:
        addresses = await self._resolve(host, port)
        if not addresses:
            raise AddressRefused("no address")
        for each in addresses:
            self._policy.check(scheme, each)
        return addresses[0]

    async def _send(self, request: httpx.Request, host: str, most_bytes: int) -> Fetched:
        request.extensions = {**request.extensions, "sni_hostname": host}
        async with httpx.AsyncClient(
            transport=self._transport, trust_env=False, follow_redirects=False, timeout=self._seconds
        ) as client:
            response = await client.send(request, stream=True)
            try:
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > most_bytes:
                        raise Unavailable("The other side's answer cannot be read.", reason="too large")
            finally:
                await response.aclose()
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        return Fetched(response.status_code, kind, bytes(body))
