"""The rest of the world: addresses that clients named, as a transport that remembers what it was asked."""

from collections.abc import Callable
from urllib.parse import parse_qsl

import httpx

Reply = httpx.Response | Callable[[httpx.Request], httpx.Response]


class Outside(httpx.AsyncBaseTransport):
    """Answers by address; 404 for others."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {}
        self.asked: list[httpx.Request] = []

    def set(self, address: str, reply: Reply) -> None:
        self.replies[address] = reply

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.asked.append(request)
        reply = self.replies.get(self.address(request), httpx.Response(404))
        if callable(reply):
            return reply(request)
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)

    def address(self, request: httpx.Request) -> str:
        """The address as it was named: the guard calls the number that it judged."""
        return f"{request.url.scheme}://{request.headers['host']}{request.url.raw_path.decode()}"

    def forms(self, address: str) -> list[dict[str, str]]:
        """The forms posted to an address."""
        found = [request for request in self.asked if self.address(request) == address]
        return [dict(parse_qsl(request.content.decode())) for request in found]
