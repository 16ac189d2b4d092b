"""A body is read to its limit and no further, whoever reads it and whatever it is called."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kernel.web import problems
from kernel.web.forms import MEBIBYTE, read_form
from kernel.web.json_body import LARGEST_BODY, BodyLimit
from kernel.web.locale import LocaleMiddleware


class Named(BaseModel):
    """What the one JSON route takes."""

    name: str


async def named(_request: Request, named: Named) -> JSONResponse:
    return JSONResponse({"length": len(named.name)})


async def form(request: Request) -> Response:
    return JSONResponse({"files": len((await read_form(request)).files)})


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.add_api_route("/api/named", named, methods=["POST"])
    app.add_api_route("/api/form", form, methods=["POST"], response_model=None)
    app.add_middleware(BodyLimit)
    problems.install(app)
    app.add_middleware(LocaleMiddleware)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


class Endless:
    """A sender that notes how much was taken from it."""

    def __init__(self, pieces: int) -> None:
        self.pieces, self.taken = pieces, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _piece in range(self.pieces):
            self.taken += 1
            yield b" " * 65536


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
async def test_a_framework_stops_reading_at_the_limit(client: httpx.AsyncClient, kind: str) -> None:
    sender = Endless(1000)
    answer = await client.post("/api/named", content=sender.__aiter__(), headers={"Content-Type": kind})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert sender.taken < 20


async def test_an_ordinary_body_passes(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/named", json={"name": "x" * (LARGEST_BODY // 2)})
    assert answer.json() == {"length": LARGEST_BODY // 2}


async def test_a_form_that_expects_no_large_files_takes_none(client: httpx.AsyncClient) -> None:
    large: Any = {"file": ("a.bin", b"x" * (MEBIBYTE + 1))}
    many: Any = [("file", ("a.bin", b"x")), ("file", ("b.bin", b"x"))]
    assert (await client.post("/api/form", files=large)).status_code == 413
    assert (await client.post("/api/form", files=many)).status_code == 413
    assert (await client.post("/api/form", files={"file": ("a.bin", b"x")})).json() == {"files": 1}
