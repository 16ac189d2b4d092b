"""HTTP to the providers: short timeouts, no redirects, UTF-8 whatever the label says, nothing secret in logs or errors.

Authlib's client is not used here: none of the three providers speaks RFC 6749 §5 on the wire (parameters named `appid`
and `auth_code`, errors at HTTP 200, JSON called text/plain, JSONP, signatures over raw text), and every hook that would
bend it back is as long as the call itself.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any

import httpx

from idp.federation.base import ProviderProtocolError, ProviderUnavailable

CONNECT_SECONDS = 4.0
TOTAL_SECONDS = 8.0
ANSWER_LIMIT = 256 * 1024
"""Bytes; a profile is under 2 KiB."""


class _WithoutQueries(logging.Filter):
    """httpx logs every address it calls; secrets and codes travel in their queries."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                argument.copy_with(query=None) if isinstance(argument, httpx.URL) else argument
                for argument in record.args
            )
        return True


class ProviderHttp:
    """The one HTTP client of all connectors. Close it with `close`."""

    def __init__(self, *, total_seconds: float = TOTAL_SECONDS) -> None:
        self._total_seconds = total_seconds
        timeout = httpx.Timeout(total_seconds, connect=min(CONNECT_SECONDS, total_seconds))
        self._client = httpx.AsyncClient(timeout=timeout, follow_redirects=False)
        logger = logging.getLogger("httpx")
        if not any(isinstance(each, _WithoutQueries) for each in logger.filters):
            logger.addFilter(_WithoutQueries())

    async def get(self, family: str, url: str, params: Mapping[str, str]) -> str:
        """The body of a GET as text. Raises `ProviderUnavailable`, `ProviderProtocolError`."""
        return await self._fetch(family, self._client.build_request("GET", url, params=dict(params)))

    async def post(self, family: str, url: str, query: Mapping[str, str], form: Mapping[str, str]) -> str:
        """The body of a form POST as text. Raises `ProviderUnavailable`, `ProviderProtocolError`."""
        request = self._client.build_request("POST", url, params=dict(query), data=dict(form))
        request.headers["Content-Type"] = "application/x-www-form-urlencoded;charset=utf-8"
        return await self._fetch(family, request)

    async def close(self) -> None:
        """Give back connections."""
        await self._client.aclose()

    async def _fetch(self, family: str, request: httpx.Request) -> str:
        # Errors of httpx hold the address, and so the secret: their type alone goes on.
        try:
            async with asyncio.timeout(self._total_seconds):
                response = await self._client.send(request, stream=True)
                try:
                    body = await _read_limited(response)
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.HTTPError) as failure:
            raise ProviderUnavailable(family, reason=f"{type(failure).__name__} at {request.url.path}") from None
        if response.status_code != httpx.codes.OK:
            raise ProviderUnavailable(family, reason=f"HTTP {response.status_code} at {request.url.path}")
        if body is None:
            raise ProviderProtocolError(family, reason=f"answer too large at {request.url.path}")
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            raise ProviderProtocolError(family, reason=f"answer is not UTF-8 at {request.url.path}") from None


async def _read_limited(response: httpx.Response) -> bytes | None:
    """The body, or None when it is larger than any honest answer."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > ANSWER_LIMIT:
            return None
    return bytes(body)


def parse_object(family: str, text: str) -> dict[str, Any]:
    """A JSON object. Raises `ProviderProtocolError`."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise ProviderProtocolError(family, reason="answer is not JSON") from None
    if not isinstance(value, dict):
        raise ProviderProtocolError(family, reason="answer is not a JSON object")
    return value


def text_of(answer: Mapping[str, Any], name: str) -> str:
    """A text member, or the empty string where it is absent or of another kind."""
    value = answer.get(name)
    return value if isinstance(value, str) else ""


def endpoint(base_url: str, host: str, path: str) -> str:
    """A provider's address: on its own host, or with all hosts mapped below `base_url` (a sandbox)."""
    return f"{base_url.rstrip('/') or f'https://{host}'}{path}"
