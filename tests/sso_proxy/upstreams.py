"""Small applications on real ports, for what an installed one does not do on command."""

import asyncio
import hashlib
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from tests.servers import spare_port


@dataclass
class FormApplication:
    """Signs in by a form with a token; sessions can be ended at will. Counts what it sees."""

    password: str = "first-password"
    sessions: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    logins: int = 0
    seen: list[dict[str, str]] = field(default_factory=list)
    login_seconds: float = 0.0
    posts: int = 0

    def app(self) -> Starlette:
        everything = ["GET", "POST", "PUT", "HEAD"]
        return Starlette(
            routes=[
                Route("/login", self._login, methods=["GET", "POST"]),
                Route("/logout", self._logout),
                Route("/upload", self._upload, methods=["POST", "PUT"]),
                Route("/stream", self._stream),
                Route("/absolute", self._absolute),
                Route("/{path:path}", self._page, methods=everything),
            ]
        )

    def end_sessions(self) -> None:
        self.sessions.clear()

    def _known(self, request: Request) -> bool:
        self.seen.append(dict(request.headers))
        return request.cookies.get("sid") in self.sessions

    async def _page(self, request: Request) -> Response:
        if not self._known(request):
            return RedirectResponse("/login?next=" + request.url.path, 302)
        self.posts += request.method == "POST"
        return JSONResponse({"path": request.url.path, "headers": dict(request.headers)})

    async def _login(self, request: Request) -> Response:
        if request.method == "GET":
            token = secrets.token_hex(8)
            self.tokens.add(token)
            return HTMLResponse(
                f'<form method="post"><input type="hidden" name="token" value="{token}">'
                '<input name="user"><input type="password" name="pass"><button name="go" value="1">Go</button></form>'
            )
        form = {key: value[0] for key, value in parse_qs((await request.body()).decode()).items()}
        if form.get("token") not in self.tokens:
            return PlainTextResponse("bad token", 400)
        self.tokens.discard(form["token"])
        self.logins += 1
        await asyncio.sleep(self.login_seconds)
        if form.get("pass") != self.password:
            return RedirectResponse("/login?failed=1", 302)
        sid = secrets.token_hex(8)
        self.sessions.add(sid)
        answer = RedirectResponse("/", 302)
        answer.set_cookie("sid", sid, httponly=True, domain=None)
        return answer

    async def _logout(self, request: Request) -> Response:
        self.sessions.discard(request.cookies.get("sid", ""))
        return RedirectResponse("/login", 302)

    async def _upload(self, request: Request) -> Response:
        if not self._known(request):
            return RedirectResponse("/login", 302)
        digest, size = hashlib.sha256(), 0
        async for piece in request.stream():
            digest.update(piece)
            size += len(piece)
        return JSONResponse({"sha256": digest.hexdigest(), "size": size})

    async def _stream(self, request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            for number in range(200):
                yield b"%05d" % number * 1000

        return StreamingResponse(pieces(), media_type="application/octet-stream")

    async def _absolute(self, request: Request) -> Response:
        return RedirectResponse(f"http://{request.headers['host']}/there?x=1", 302)


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    """The application on a port of its own; gives its address."""
    port = spare_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


Raw = Callable[[bytes, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def raw_upstream(answer: Raw) -> AsyncIterator[str]:
    """An application written byte by byte: `answer` gets the head of each request."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(await reader.readuntil(b"\r\n\r\n"), reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def header_of(head: bytes, name: str) -> list[str]:
    """The values of a header in a raw head."""
    return [each.decode().strip() for each in re.findall(rb"(?im)^" + name.encode() + rb":([^\r]*)", head)]
