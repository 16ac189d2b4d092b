"""Signed request objects (RFC 9101): the parameters are what the client signed, and nothing beside it counts."""

import json
from collections.abc import Mapping
from typing import Any

from idp.clients.client import Client
from idp.clients.keys import ClientKeys
from idp.oauth2.errors import OAuthError
from idp.oauth2.parameters import Parameters
from kernel.clock import Clock
from kernel.crypto.jose import InvalidToken, load_claims, unverified_header, verify_jws
from kernel.errors import Forbidden, Unavailable
from kernel.outbound.fetch import GuardedFetcher

TYPES = frozenset({"", "jwt", "oauth-authz-req+jwt"})
MEDIA_TYPE = "application/oauth-authz-req+jwt"
LEEWAY_SECONDS = 30
LONGEST_SECONDS = 3600
NOT_PARAMETERS = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti", "sub"})


class RequestObjects:
    """Reads request objects, by value and from the addresses that clients registered."""

    def __init__(self, keys: ClientKeys, fetcher: GuardedFetcher, clock: Clock, issuer: str) -> None:
        self._keys = keys
        self._fetcher = fetcher
        self._clock = clock
        self._issuer = issuer

    async def read(self, client: Client, unverified_object: str) -> Parameters:
        """The parameters in an object that this client signed. Raises `OAuthError`."""
        try:
            claims = await self._verified(client, unverified_object)
            self._check_claims(client, claims)
            return _parameters(claims)
        except InvalidToken as error:
            raise refused("The request object does not hold.", error.reason) from error

    async def fetch(self, client: Client, request_uri: str) -> Parameters:
        """The parameters in the object at a registered address (§5.2). Raises `OAuthError`."""
        if request_uri not in client.metadata.request_uris:
            raise OAuthError("invalid_request_uri", "The request_uri is not registered for this client.")
        try:
            answer = await self._fetcher.get(request_uri.partition("#")[0], accept=MEDIA_TYPE)
            if answer.status != 200:
                raise OAuthError("invalid_request_uri", "The request_uri does not lead to a request object.")
            text = answer.body.decode("ascii").strip()
        except (Forbidden, Unavailable, UnicodeDecodeError) as error:
            raise OAuthError("invalid_request_uri", "The request_uri cannot be fetched.") from error
        return await self.read(client, text)

    async def _verified(self, client: Client, unverified_object: str) -> dict[str, Any]:
        header = unverified_header(unverified_object)
        key_id = header.get("kid")
        if str(header.get("typ", "")).lower().removeprefix("application/") not in TYPES:
            raise InvalidToken("another type of token")
        chosen = client.metadata.request_object_signing_alg
        algorithms: Any = (chosen,) if chosen else client.metadata.accepted_algorithms
        keys = await self._keys.find(client, key_id if isinstance(key_id, str) else None)
        _header, payload = verify_jws(unverified_object, keys, algorithms)
        return load_claims(payload)

    def _check_claims(self, client: Client, claims: Mapping[str, Any]) -> None:
        now = self._clock().timestamp()
        audience = claims.get("aud")
        named = audience if isinstance(audience, list) else [audience]
        if claims.get("iss") != client.client_id or claims.get("client_id", client.client_id) != client.client_id:
            raise InvalidToken("another client's object")
        if self._issuer not in named:
            raise InvalidToken("an object for somebody else")
        for name in ("exp", "nbf", "iat"):
            if name in claims and not _is_time(claims[name]):
                raise InvalidToken(f"{name} is not a time")
        if now >= claims.get("exp", now + LONGEST_SECONDS) + LEEWAY_SECONDS:
            raise InvalidToken("expired")
        if claims.get("nbf", 0) > now + LEEWAY_SECONDS:
            raise InvalidToken("not yet valid")
        if {"request", "request_uri"} & set(claims):
            raise InvalidToken("an object in an object")


def refused(description: str, detail: str | None = None) -> OAuthError:
    """The error of RFC 9101 §6."""
    return OAuthError("invalid_request_object", description, detail=detail)


def _parameters(claims: Mapping[str, Any]) -> Parameters:
    values: dict[str, str] = {}
    resources: tuple[str, ...] = ()
    for name, value in claims.items():
        if name in NOT_PARAMETERS or value is None:
            continue
        if name == "resource":
            resources = tuple(each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str))
        else:
            values[name] = _text(value)
    return Parameters({name: value for name, value in values.items() if value}, resources=resources)


def _text(value: Any) -> str:
    """JSON members as form parameters: numbers in digits, objects such as `claims` as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, dict):
        return json.dumps(value)
    raise InvalidToken("a parameter that is neither a text nor a number")


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 253_402_300_800
