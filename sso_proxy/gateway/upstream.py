"""The application's side of the data plane: one connection, one request, its answer as a stream."""

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass, field

import httptools

from sso_proxy.gateway.headers import Headers
from sso_proxy.sites.site import Site

CONNECT_SECONDS = 10
ANSWER_SECONDS = 120
KEEP_SECONDS = 15
READ_BYTES = 64 * 1024
MAX_HEAD_BYTES = 64 * 1024


class UpstreamDown(Exception):
    """The application cannot be reached, or does not speak HTTP."""


@dataclass(frozen=True)
class UpstreamHead:
    """The head of an answer. `length` None when it is not said in advance."""

    status: int
    headers: Headers = field(repr=False)
    length: int | None


@dataclass(frozen=True)
class KeptConnection:
    """A connection to the application between two requests of one person on one connection of the browser.

    It is never shared further: an application that mixes up its answers then mixes them up for nobody else.
    """

    owner: str = field(repr=False)
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    since: float

    def is_fit(self, owner: str, now: float) -> bool:
        """Whether the next request of `owner` may use it."""
        alive = not self.reader.at_eof() and not self.writer.is_closing()
        return alive and self.owner == owner and now - self.since < KEEP_SECONDS

    def close(self) -> None:
        """Close it."""
        self.writer.transport.abort()


class UpstreamExchange:
    """One request to the application. Open, send, `read_head`, then `read` until b""; always `close`."""

    def __init__(self, site: Site, method: str) -> None:
        self._site = site
        self._method = method
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._headers: Headers = []
        self._head: UpstreamHead | None = None
        self._pieces: deque[bytes] = deque()
        self._complete = self._surplus = self._persistent = False
        self._fed = 0

    async def open(self) -> None:
        """Connect. Raises UpstreamDown."""
        tls = ssl.create_default_context() if self._site.is_tls else None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                self._reader, self._writer = await asyncio.open_connection(
                    self._site.host, self._site.port, ssl=tls, limit=READ_BYTES
                )
        except (OSError, TimeoutError) as failure:
            raise UpstreamDown(type(failure).__name__) from failure

    def reopen(self, kept: KeptConnection) -> None:
        """Go on with a connection that served before."""
        self._reader, self._writer = kept.reader, kept.writer

    def keep(self, owner: str) -> KeptConnection | None:
        """The connection for the next request, if the answer ended cleanly; else it is closed."""
        reader, writer = self._reader, self._writer
        clean = self._complete and not self._surplus and not self._pieces and self._persistent
        if not clean or reader is None or writer is None or self._head is None or self._head.status == 101:
            self.close()
            return None
        return KeptConnection(owner, reader, writer, asyncio.get_running_loop().time())

    @property
    def has_received(self) -> bool:
        """Whether any byte of an answer has come."""
        return self._fed > 0

    async def send(self, data: bytes) -> None:
        """Send bytes as they are, waiting while the application is slow. Raises UpstreamDown."""
        assert self._writer is not None
        try:
            self._writer.write(data)
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._writer.drain()
        except (OSError, TimeoutError) as failure:
            raise UpstreamDown(type(failure).__name__) from failure

    async def read_head(self) -> UpstreamHead:
        """The head of the final answer; 100 and 103 are read past. Raises UpstreamDown."""
        while self._head is None:
            if not await self._more() and self._head is None:
                raise UpstreamDown("closed without an answer")
            if self._fed > MAX_HEAD_BYTES and self._head is None:
                raise UpstreamDown("head too large")
        return self._head

    async def read(self) -> bytes:
        """The next piece of the body, decoded from its transfer coding; b"" at its end. Raises UpstreamDown."""
        while not self._pieces:
            if self._complete:
                return b""
            if not await self._more():
                if self._head is not None and self._head.length is None and not self._is_chunked():
                    self._complete = True
                    return b""
                raise UpstreamDown("the answer broke off")
        return self._pieces.popleft()

    async def read_raw(self) -> bytes:
        """Bytes of a tunnel after 101; b"" at its end."""
        if self._pieces:
            return self._pieces.popleft()
        assert self._reader is not None
        try:
            return await self._reader.read(READ_BYTES)
        except OSError:
            return b""

    def close(self) -> None:
        """Close the connection."""
        if self._writer is not None:
            self._writer.transport.abort()

    # ---- what the parser tells ----

    def on_message_begin(self) -> None:
        if self._head is None:
            self._headers = []
        else:
            self._surplus = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head is None:
            self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        if self._head is not None:
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200 and status != 101:
            return
        lengths = {value.strip() for name, value in self._headers if name.lower() == "content-length"}
        if len(lengths) > 1:
            raise UpstreamDown("two lengths")
        chunked = any(name.lower() == "transfer-encoding" for name, _value in self._headers)
        length = int(lengths.pop()) if lengths and not chunked else None
        self._head = UpstreamHead(status, self._headers, length)
        if self._method == "HEAD" or status in (204, 304):
            self._complete = True

    def on_body(self, body: bytes) -> None:
        if self._head is not None and not self._complete:
            self._pieces.append(body)
        else:
            self._surplus = True

    def on_message_complete(self) -> None:
        if self._head is not None:
            self._complete = True
            self._persistent = bool(self._parser.should_keep_alive())

    # ---- inside ----

    def _is_chunked(self) -> bool:
        return any(name.lower() == "transfer-encoding" for name, _value in self._headers)

    async def _more(self) -> bool:
        """Read and parse some bytes; False at the end of the connection."""
        assert self._reader is not None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                data = await self._reader.read(READ_BYTES)
        except (OSError, TimeoutError) as failure:
            raise UpstreamDown(type(failure).__name__) from failure
        if not data:
            return False
        self._fed += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if rest := data[upgrade.args[0] :]:
                self._pieces.append(rest)
        except (httptools.HttpParserError, ValueError) as failure:
            # A HEAD answer that announces a body ends the parser's patience, not ours.
            if not self._complete:
                raise UpstreamDown(type(failure).__name__) from failure
        return True


def request_bytes(method: str, target: str, headers: Headers) -> bytes:
    """The head of a request as it is sent."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
