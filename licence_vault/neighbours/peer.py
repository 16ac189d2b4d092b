"""Calling another vault in our own name (RFC 6749 §4.4), over connections that are kept."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from kernel.errors import Unavailable
from licence_vault.neighbours.neighbour import Neighbour

SECONDS, CONNECT_SECONDS = 20.0, 5.0
LARGEST_ANSWER = 48 * 1024 * 1024
TOKEN_MARGIN_SECONDS = 30
SCOPE = "licence:share"
AWAY, SLOW, BROKEN, REFUSED = "does not answer", "too slow", "answers wrongly", "does not know us"
RESTING = "left alone for a while"


class NeighbourAway(Unavailable):
    """A neighbour cannot be asked now; `reason` says why in one of a few words, without anything of the call."""

    code = "neighbour-away"


@dataclass(frozen=True)
class PeerAnswer:
    """What the other vault said: the HTTP status and the JSON object."""

    status: int
    document: dict[str, Any]


class Peers:
    """Calls neighbours. One for the whole process; `close` at the end."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport
        self._client: httpx.AsyncClient | None = None
        self._tokens: dict[tuple[str, str, str], tuple[str, float]] = {}

    async def post(
        self, neighbour: Neighbour, path: str, body: Mapping[str, Any], *, language: str = "", seconds: float = SECONDS
    ) -> PeerAnswer:
        """The answer to a call. A token that was refused is fetched anew once. Raises `NeighbourAway`."""
        answer = await self._post(neighbour, path, body, language, seconds)
        if answer.status == 401:
            self._tokens.pop(_who(neighbour), None)
            answer = await self._post(neighbour, path, body, language, seconds)
        if answer.status == 401:
            raise away(neighbour, REFUSED)
        if answer.status >= 500:
            raise away(neighbour, BROKEN)
        return answer

    async def close(self) -> None:
        """End the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _post(
        self, neighbour: Neighbour, path: str, body: Mapping[str, Any], language: str, seconds: float
    ) -> PeerAnswer:
        headers = {"Authorization": f"Bearer {await self._token(neighbour)}"}
        if language:
            headers["Accept-Language"] = language
        request = self._http().build_request(
            "POST", neighbour.url + path, json=dict(body), headers=headers, timeout=_timeout(seconds)
        )
        return await self._send(neighbour, request)

    async def _token(self, neighbour: Neighbour) -> str:
        token, until = self._tokens.get(_who(neighbour), ("", 0.0))
        if time.monotonic() < until:
            return token
        request = self._http().build_request(
            "POST",
            f"{neighbour.url}/oauth2/token",
            data={"grant_type": "client_credentials", "scope": SCOPE},
            timeout=_timeout(SECONDS),
        )
        auth = httpx.BasicAuth(neighbour.client_id, neighbour.client_secret)
        answer = await self._send(neighbour, next(auth.sync_auth_flow(request)))
        token = answer.document.get("access_token", "")
        if answer.status != 200 or not isinstance(token, str) or not token:
            raise away(neighbour, REFUSED)
        lifetime = answer.document.get("expires_in", 60)
        seconds = float(lifetime) if isinstance(lifetime, int) else 60.0
        self._tokens[_who(neighbour)] = (token, time.monotonic() + max(0.0, seconds - TOKEN_MARGIN_SECONDS))
        return token

    async def _send(self, neighbour: Neighbour, request: httpx.Request) -> PeerAnswer:
        try:
            response = await self._http().send(request, stream=True)
            try:
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > LARGEST_ANSWER:
                        raise away(neighbour, BROKEN)
            finally:
                await response.aclose()
            document = httpx.Response(200, content=bytes(body)).json() if body else {}
        except httpx.TimeoutException as error:
            raise away(neighbour, AWAY if isinstance(error, httpx.ConnectTimeout) else SLOW) from error
        except (httpx.HTTPError, ssl.SSLError) as error:
            raise away(neighbour, AWAY) from error
        except (ValueError, RecursionError) as error:
            raise away(neighbour, BROKEN) from error
        if not isinstance(document, dict):
            raise away(neighbour, BROKEN)
        return PeerAnswer(response.status_code, document)

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            # The system's certificates, so that an authority of the intranet's own can be trusted.
            trust = ssl.create_default_context()
            self._client = httpx.AsyncClient(
                verify=trust, transport=self._transport, trust_env=False, follow_redirects=False
            )
        return self._client


def _who(neighbour: Neighbour) -> tuple[str, str, str]:
    return neighbour.id, neighbour.client_id, neighbour.client_secret


def _timeout(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))


def away(neighbour: Neighbour, reason: str) -> NeighbourAway:
    """The error for a neighbour that cannot be asked."""
    return NeighbourAway("{name} does not answer. Try again later.", name=neighbour.authority.name, reason=reason)
