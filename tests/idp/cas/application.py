"""An application's server, real and small: notes what is brought to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlsplit


class Callbacks:
    """Takes proxy-granting tickets and logout messages, or refuses them with `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.received: list[tuple[str, dict[str, str]]] = []
        self.bodies: list[bytes] = []
        self.origin = ""

    @property
    def address(self) -> str:
        """Where the application is registered."""
        return f"{self.origin}/portal"

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Callbacks"]:
        """Have it answer on a spare port."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next((int(line[15:]) for line in head.splitlines() if line.lower().startswith("content-length:")), 0)
        if length:
            self.bodies.append(await reader.readexactly(length))
        target = urlsplit(head.split()[1])
        self.received.append((target.path, dict(parse_qsl(target.query))))
        writer.write(f"HTTP/1.1 {self.status} Told\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
