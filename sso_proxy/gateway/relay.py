"""Moving bytes: a request with its body to the application, the answer back, a tunnel both ways."""

import asyncio
import zlib
from typing import Literal

from sso_proxy.gateway.headers import Headers, get
from sso_proxy.gateway.message import RequestHead
from sso_proxy.gateway.server import ClientConnection, ClientGone
from sso_proxy.gateway.upstream import KeptConnection, UpstreamDown, UpstreamExchange, UpstreamHead, request_bytes
from sso_proxy.replay.challenge import AnswerHead, body_challenges, head_challenges, worth_reading
from sso_proxy.replay.forms import MAX_PAGE_BYTES
from sso_proxy.sites.site import Site

Challenge = Literal["head", "page"]
"""By 401 or a redirect; or by a page that holds a login form."""


class Relay:
    """One round trip to the application. Always `close` it."""

    def __init__(self, site: Site, head: RequestHead, client: ClientConnection, owner: str) -> None:
        """`owner`: whose connections to the application may be used again."""
        self._owner = f"{site.origin} {owner}"
        self._site = site
        self._request = head
        self._client = client
        self._upstream = UpstreamExchange(site, head.method)
        self._pump: asyncio.Task[bool] | None = None
        self._held: list[bytes] = []
        self.answer: UpstreamHead | None = None

    async def send(self, headers: Headers) -> UpstreamHead:
        """Send the request, its body as it arrives; gives the answer's head. Raises UpstreamDown, ClientGone."""
        request = request_bytes(self._request.method, self._request.target, headers)
        if self._request.is_safe and await self._sent_on_kept(request):
            assert self.answer is not None
            return self.answer
        await self._upstream.open()
        await self._upstream.send(request)
        if self._request.has_body and not self._request.is_upgrade:
            self._pump = asyncio.create_task(self._send_body())
        try:
            self.answer = await self._upstream.read_head()
        except UpstreamDown:
            if self._pump is not None and self._pump.done() and isinstance(self._pump.exception(), ClientGone):
                raise ClientGone from None
            raise
        return self.answer

    async def challenge(self) -> Challenge | None:
        """How the answer asks for sign-in, if it does. A small page is held back while it is looked at."""
        assert self.answer is not None
        headers = self.answer.headers
        url = self._site.origin + self._request.target
        head = AnswerHead(url, self.answer.status, get(headers, "location") or None, get(headers, "content-type"))
        if head_challenges(self._site, head):
            return "head"
        if self._request.method == "HEAD" or not worth_reading(head) or (self.answer.length or 0) > MAX_PAGE_BYTES:
            return None
        held = 0
        while held <= MAX_PAGE_BYTES:
            piece = await self._upstream.read()
            if not piece:
                page = _decoded(b"".join(self._held), get(headers, "content-encoding"))
                return "page" if page is not None and body_challenges(self._site, head, page) else None
            self._held.append(piece)
            held += len(piece)
        return None

    async def deliver(self, headers: Headers) -> None:
        """Give the answer to the browser under these headers. Raises UpstreamDown, ClientGone."""
        assert self.answer is not None
        await self._client.begin(self.answer.status, headers, length=self.answer.length)
        for piece in self._held:
            await self._client.write(piece)
        while piece := await self._upstream.read():
            await self._client.write(piece)
        await self._client.finish()

    async def tunnel(self, headers: Headers) -> None:
        """After 101: bytes both ways until either side ends."""
        await self._client.begin(101, headers)
        ways = {asyncio.create_task(self._downwards()), asyncio.create_task(self._upwards())}
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._client.close()

    async def close(self) -> None:
        """End the round trip."""
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.wait({self._pump})
            if self._pump.cancelled() or self._pump.exception() is not None or self._pump.result() is False:
                self._upstream.close()
                return
        if self._request.is_upgrade or self._client.kept is not None:
            self._upstream.close()
        else:
            self._client.kept = self._upstream.keep(self._owner)

    async def _sent_on_kept(self, request: bytes) -> bool:
        """Try the connection of the request before; False when there is none or the application has closed it."""
        kept, self._client.kept = self._client.kept, None
        if not isinstance(kept, KeptConnection):
            return False
        if not kept.is_fit(self._owner, asyncio.get_running_loop().time()):
            kept.close()
            return False
        self._upstream.reopen(kept)
        try:
            await self._upstream.send(request)
            self.answer = await self._upstream.read_head()
        except UpstreamDown:
            self._upstream.close()
            if self._upstream.has_received:
                raise
            self._upstream = UpstreamExchange(self._site, self._request.method)
            return False
        return True

    async def _send_body(self) -> bool:
        """Say whether all of it was sent."""
        chunked = self._request.length is None
        try:
            while piece := await self._client.read_body():
                await self._upstream.send(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            if chunked:
                await self._upstream.send(b"0\r\n\r\n")
        except (ClientGone, TimeoutError):
            # Half a request must not look like a whole one.
            self._upstream.close()
            raise ClientGone from None
        except UpstreamDown:
            # It may have answered before reading everything; the answer decides.
            return False
        return True

    async def _downwards(self) -> None:
        while data := await self._upstream.read_raw():
            await self._client.send_raw(data)

    async def _upwards(self) -> None:
        while data := await self._client.read_tunnel():
            await self._upstream.send(data)


def _decoded(body: bytes, coding: str) -> bytes | None:
    """The page itself, up to the size that is looked at; None for a coding that we did not ask for."""
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return body
    if coding not in ("gzip", "x-gzip"):
        return None
    try:
        return zlib.decompressobj(wbits=31).decompress(body, MAX_PAGE_BYTES)
    except zlib.error:
        return None
