"""The browser's side of the data plane: an HTTP/1.1 server on httptools that never holds more than a window of a body.

One request of a connection is worked on at a time; the next bytes wait in the kernel's socket buffer (RFC 9112 §9.3).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Protocol

import httptools

from sso_proxy.gateway.headers import Headers
from sso_proxy.gateway.message import BadRequest, RequestHead, check_head

MAX_HEAD_BYTES = 32 * 1024
MAX_HEADERS = 100
WINDOW_BYTES = 64 * 1024
HEAD_SECONDS = 30
BODY_SECONDS = 120
LINGER_BYTES = 256 * 1024

log = logging.getLogger(__name__)


class Closable(Protocol):
    """Something that ends with the connection."""

    def close(self) -> None:
        """End it."""


Handler = Callable[["RequestHead", "ClientConnection"], Awaitable[None]]


class ClientGone(ConnectionError):
    """The browser closed the connection; there is nobody to answer."""


class _Pipelined(Exception):
    pass


class ClientConnection(asyncio.Protocol):
    """One connection of a browser. The handler reads with `read_body`, answers with `begin`, `write`, `finish`."""

    def __init__(self, handler: Handler) -> None:
        self.kept: Closable | None = None
        """What the handler keeps for the next request of this connection; closed with it."""
        self._handler = handler
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._url, self._headers, self._counted = b"", Headers(), 0
        self._head_bytes = 0
        self._head: RequestHead | None = None
        self._body: deque[bytes] = deque()
        self._buffered = 0
        self._complete = False
        self._early = bytearray()
        self._is_tunnel = False
        self._arrived, self._writable = asyncio.Event(), asyncio.Event()
        self._writable.set()
        self._gone = False
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._started = self._chunked = self._keep_alive = self._expects = self._bodiless = False

    # ---- what asyncio tells ----

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone = True
        if self.kept is not None:
            self.kept.close()
        self._disarm()
        self._arrived.set()
        self._writable.set()
        if self._task is not None:
            self._task.cancel()

    def eof_received(self) -> bool:
        # A half-closed browser may still be waiting for its answer.
        if self._task is None:
            return False
        self._gone_after_answer()
        return True

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        if self._is_tunnel or (self._task is not None and self._complete):
            self._early += data
            self._arrived.set()
            if len(self._early) > WINDOW_BYTES:
                self._pause()
            return
        if self._head is None:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._early += data[upgrade.args[0] :]
        except BadRequest as refusal:
            self._refuse(refusal)
        except httptools.HttpParserError as error:
            cause = error.__context__
            if isinstance(cause, _Pipelined):
                # Sent along with the request in hand: not served, and the browser sees the connection close.
                self._keep_alive = False
                return
            self._refuse(cause if isinstance(cause, BadRequest) else BadRequest(400, type(error).__name__))
        else:
            if self._head is None and self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(BadRequest(431, "head too large"))

    # ---- what the parser tells ----

    def on_message_begin(self) -> None:
        if self._task is not None:
            raise _Pipelined
        self._url, self._headers, self._counted = b"", [], 0
        self._complete = False

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._counted += len(url)
        if len(self._url) > MAX_HEAD_BYTES:
            raise BadRequest(414, "target too long")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head is not None:
            return  # a trailer: dropped (RFC 9110 §6.5.1)
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))
        self._counted += len(name) + len(value)
        if len(self._headers) > MAX_HEADERS or self._counted > MAX_HEAD_BYTES:
            raise BadRequest(431, "too many headers")

    def on_headers_complete(self) -> None:
        parser, version = self._parser, self._parser.get_http_version()
        head = check_head(parser.get_method().decode("ascii"), self._url, version, self._headers, self._address())
        upgrade = any(name.lower() == "upgrade" for name, _value in self._headers) and parser.should_upgrade()
        if upgrade:
            head = RequestHead(**{**head.__dict__, "is_upgrade": True})
        self._head = head
        self._keep_alive = parser.should_keep_alive() and not upgrade
        self._expects = any(n.lower() == "expect" and v.lower() == "100-continue" for n, v in self._headers)
        self._started = False
        self._disarm()
        self._task = self._loop.create_task(self._work(head))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)
        self._buffered += len(body)
        self._arrived.set()
        if self._buffered > WINDOW_BYTES:
            self._pause()

    def on_message_complete(self) -> None:
        self._complete = True
        self._arrived.set()

    # ---- what the handler uses ----

    async def read_body(self) -> bytes:
        """The next piece of the body, b"" at its end. Raises ClientGone, TimeoutError."""
        if self._expects and not self._started:
            self._expects = False
            self._put(b"HTTP/1.1 100 Continue\r\n\r\n")
        while not self._body:
            if self._gone:
                raise ClientGone
            if self._complete:
                return b""
            self._arrived.clear()
            async with asyncio.timeout(BODY_SECONDS):
                await self._arrived.wait()
        piece = self._body.popleft()
        self._buffered -= len(piece)
        if self._buffered <= WINDOW_BYTES // 2:
            self._resume()
        return piece

    async def read_all(self, limit: int) -> bytes:
        """The whole body of one of our own small forms. Raises BadRequest 413 beyond `limit` bytes."""
        body = b""
        while piece := await self.read_body():
            body += piece
            if len(body) > limit:
                raise BadRequest(413, "form too large")
        return body

    async def read_tunnel(self) -> bytes:
        """Bytes after an upgrade; b"" when the browser is gone."""
        self._is_tunnel = True
        while not self._early:
            if self._gone:
                return b""
            self._arrived.clear()
            self._resume()
            await self._arrived.wait()
        data = bytes(self._early)
        self._early.clear()
        self._resume()
        return data

    async def begin(self, status: int, headers: Headers, *, length: int | None = None) -> None:
        """Send the head of the answer. `length` None: as long as it will be, in chunks where HTTP/1.1 is spoken."""
        head = self._head
        assert head is not None
        self._started = True
        self._bodiless = head.method == "HEAD" or status in (204, 304) or status < 200
        self._chunked = False
        lines = [(name, value) for name, value in headers if name.lower() not in ("content-length", "connection")]
        if length is not None:
            if status != 204 and status >= 200:
                lines.append(("Content-Length", str(length)))
        elif not self._bodiless:
            self._chunked = head.version == "1.1"
            if self._chunked:
                lines.append(("Transfer-Encoding", "chunked"))
            else:
                self._keep_alive = False
        if status != 101:
            lines.append(("Connection", "keep-alive" if self._keep_alive else "close"))
        self._put(_head_bytes(status, lines))
        await self.drain()

    async def write(self, data: bytes) -> None:
        """Send a piece of the answer, waiting while the browser is slow. Raises ClientGone."""
        if not data or self._bodiless:
            return
        self._put(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)
        await self.drain()

    async def finish(self) -> None:
        """The answer is whole."""
        if self._chunked:
            self._put(b"0\r\n\r\n")
        await self.drain()

    async def answer(self, status: int, headers: Headers, body: bytes = b"") -> None:
        """A whole small answer."""
        await self.begin(status, headers, length=len(body))
        await self.write(body)
        await self.finish()

    async def send_raw(self, data: bytes) -> None:
        """Bytes of a tunnel."""
        self._put(data)
        await self.drain()

    async def drain(self) -> None:
        """Wait until the browser takes more. Raises ClientGone, TimeoutError."""
        if not self._writable.is_set():
            async with asyncio.timeout(BODY_SECONDS):
                await self._writable.wait()
        if self._gone:
            raise ClientGone

    @property
    def has_started(self) -> bool:
        """Whether an answer has begun, so that no other can be given."""
        return self._started

    def close(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection: the only honest end of an answer that breaks off."""
        if self._transport is not None:
            self._transport.abort()

    # ---- inside ----

    async def _work(self, head: RequestHead) -> None:
        try:
            await self._handler(head, self)
            await self._drop_rest()
        except (ClientGone, TimeoutError):
            self.abort()
        except asyncio.CancelledError:
            self.abort()
            raise
        except BadRequest as refusal:
            self._refuse(refusal)
        except Exception:
            log.exception("gateway request failed")
            if self._started:
                self.abort()
            else:
                self._refuse(BadRequest(500, "unexpected"))
        finally:
            self._ended()

    async def _drop_rest(self) -> None:
        """What is left of a body that nobody wanted: a little is read past, more ends the connection."""
        if self._is_tunnel or (self._expects and not self._complete):
            self._keep_alive = False
            return
        dropped = 0
        while not self._complete or self._body:
            if dropped > LINGER_BYTES or self._gone:
                self._keep_alive = False
                return
            dropped += len(await self.read_body())

    def _ended(self) -> None:
        self._task, self._head, self._head_bytes = None, None, 0
        if self._gone:
            return
        if not self._keep_alive:
            self.close()
            return
        self._body.clear()
        self._buffered = 0
        self._arm()
        self._resume()
        if self._early:
            data = bytes(self._early)
            self._early.clear()
            self._loop.call_soon(self.data_received, data)

    def _refuse(self, refusal: BadRequest) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if not self._started:
            text = HTTPStatus(refusal.status).phrase.encode()
            headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(text))), ("Connection", "close")]
            self._transport.write(_head_bytes(refusal.status, headers) + text)
        self._keep_alive = False
        self._transport.close()

    def _put(self, data: bytes) -> None:
        if self._gone or self._transport is None:
            raise ClientGone
        self._transport.write(data)

    def _address(self) -> str:
        peer = self._transport.get_extra_info("peername") if self._transport else None
        return str(peer[0]) if peer else "127.0.0.1"

    def _gone_after_answer(self) -> None:
        self._keep_alive = False
        if not self._complete or self._is_tunnel:
            self._gone = True
            self._arrived.set()

    def _pause(self) -> None:
        if self._transport is not None and self._transport.is_reading():
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._transport is not None and not self._transport.is_closing() and not self._transport.is_reading():
            self._transport.resume_reading()

    def _arm(self) -> None:
        self._disarm()
        self._timer = self._loop.call_later(HEAD_SECONDS, self.close)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _head_bytes(status: int, headers: Headers) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def listen(handler: Handler, host: str, port: int) -> asyncio.Server:
    """Serve `handler` on this address until the server is closed."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: ClientConnection(handler), host, port, backlog=1024)
