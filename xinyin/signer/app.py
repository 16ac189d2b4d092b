"""The signer over HTTP (docs/remote-signer.md). Every answer is JSON; errors have `code` and `detail`."""

import asyncio
import base64
import binascii
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, get_args

import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kernel.crypto.keystore import KeyStore
from kernel.crypto.signatures import SigningAlgorithm, SigningKey
from kernel.errors import InvalidInput, NotFound, XinyinError
from kernel.web.problems import STATUS
from xinyin.signer.clients import SignerClient, find_client
from xinyin.signer.repeats import Repeats

MOST_BODY_BYTES = 3 * 1024 * 1024
_log = structlog.get_logger(__name__)
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{16,64}")
_ALGORITHMS: tuple[SigningAlgorithm, ...] = get_args(SigningAlgorithm)

Handler = Callable[[Request], Awaitable[Response]]


class Signer:
    """The handlers, with the store they use."""

    def __init__(self, store: KeyStore, clients: Sequence[SignerClient]) -> None:
        self._store = store
        self._clients = clients
        self._repeats = Repeats()

    async def names(self, request: Request) -> Response:
        """`GET /v1/keys`"""
        client = self._client(request)
        names = await asyncio.to_thread(self._store.names)
        return JSONResponse({"names": [name for name in names if client.sees(name)]})

    async def show(self, request: Request) -> Response:
        """`GET /v1/keys/{name}`"""
        name = self._seen(self._client(request), request)
        return JSONResponse(_document(name, await asyncio.to_thread(self._store.open, name)))

    async def generate(self, request: Request) -> Response:
        """`POST /v1/keys`"""
        client, body = self._client(request), await _body(request)
        name, wanted = str(body.get("name")), body.get("algorithm")
        algorithm = next((each for each in _ALGORITHMS if each == wanted), None)
        if algorithm is None:
            raise InvalidInput("Name an algorithm: {known}.", known=", ".join(_ALGORITHMS))
        client.check("generate", name)
        document = await self._once(
            request, client, body, lambda: _document(name, self._store.generate(name, algorithm))
        )
        return JSONResponse(document, 201)

    async def sign(self, request: Request) -> Response:
        """`POST /v1/keys/{name}/signatures`"""
        client, body = self._client(request), await _body(request)
        name = self._seen(client, request)
        client.check("sign", name)
        data, expected = _decoded(body, "data"), _decoded(body, "public_key")

        def work() -> dict[str, str]:
            key = self._store.open(name)
            if key.public_spki != expected:
                raise NotFound("The key of that name is another by now.")
            _log.info("signing", client=client.name, key=name)
            return {"signature": base64.b64encode(key.sign(data)).decode()}

        return JSONResponse(await self._once(request, client, body, work), 201)

    async def destroy(self, request: Request) -> Response:
        """`DELETE /v1/keys/{name}`"""
        client = self._client(request)
        name = self._seen(client, request)
        client.check("destroy", name)
        _log.info("destroying", client=client.name, key=name)
        await self._once(request, client, {"destroy": name}, lambda: self._store.destroy(name))
        return Response(status_code=204)

    async def health(self, request: Request) -> Response:
        """`GET /healthz`: whether the store answers."""
        await asyncio.to_thread(self._store.names)
        return JSONResponse({"status": "ok"})

    def _client(self, request: Request) -> SignerClient:
        return find_client(self._clients, request.headers.get("authorization", ""))

    def _seen(self, client: SignerClient, request: Request) -> str:
        """The name in the path. A client is not told whether others' keys exist."""
        name = str(request.path_params["name"])
        if not client.sees(name):
            raise NotFound("There is no key called {name}.", name=name)
        return name

    async def _once(
        self, request: Request, client: SignerClient, body: dict[str, Any], work: Callable[[], object]
    ) -> object:
        request_id = request.headers.get("request-id", "")
        if not _REQUEST_ID.fullmatch(request_id):
            raise InvalidInput("Send a Request-Id of 16 to 64 letters, digits and hyphens.")
        told = f"{request.method} {request.url.path} {json.dumps(body, sort_keys=True)}"
        fingerprint = hashlib.sha256(told.encode()).digest()
        return await asyncio.to_thread(self._repeats.once, f"{client.name} {request_id}", fingerprint, work)


def create_signer_app(store: KeyStore, clients: Sequence[SignerClient]) -> Starlette:
    """The ASGI application."""
    signer = Signer(store, clients)
    return Starlette(
        routes=[
            Route("/healthz", _answering(signer.health), methods=["GET"]),
            Route("/v1/keys", _answering(signer.names), methods=["GET"]),
            Route("/v1/keys", _answering(signer.generate), methods=["POST"]),
            Route("/v1/keys/{name}", _answering(signer.show), methods=["GET"]),
            Route("/v1/keys/{name}", _answering(signer.destroy), methods=["DELETE"]),
            Route("/v1/keys/{name}/signatures", _answering(signer.sign), methods=["POST"]),
        ]
    )


def _answering(handler: Handler) -> Handler:
    """Errors as JSON: what is ours by its code, anything else without a word of it."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except XinyinError as error:
            _log.warning("refused", path=request.url.path, code=error.code, reason=error.reason)
            return JSONResponse({"code": error.code, "detail": error.text}, STATUS.get(error.code, 400))
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception:  # noqa: BLE001  # the last guard: nothing of it may leave
            _log.exception("unexpected", path=request.url.path)
            return JSONResponse({"code": "internal", "detail": "Something went wrong in the signer."}, 500)

    return answer


def _document(name: str, key: SigningKey) -> dict[str, str]:
    public_key = base64.b64encode(key.public_spki).decode()
    return {"name": name, "algorithm": key.algorithm, "public_key": public_key}


async def _body(request: Request) -> dict[str, Any]:
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > MOST_BODY_BYTES:
            raise InvalidInput("Send at most {bytes} bytes.", bytes=MOST_BODY_BYTES)
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("Send a JSON object.") from error
    if not isinstance(body, dict):
        raise InvalidInput("Send a JSON object.")
    return body


def _decoded(body: dict[str, Any], member: str) -> bytes:
    value = body.get(member)
    try:
        return base64.b64decode(value if isinstance(value, str) else "!", validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput("{member} must be base64.", member=member) from error
