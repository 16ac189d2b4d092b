"""A token is believed only when everything about it holds."""

import base64
import json
import math
import time
from typing import Any

import httpx
import pytest

from kernel.clock import system_clock
from kernel.crypto.jose import public_jwk, sign_jws, sign_jwt
from kernel.crypto.private_keys import PrivateKey, generate_key
from kernel.errors import Unavailable
from kernel.web.bearer import InvalidToken, JwksSource, TokenRules, TokenVerifier

ISSUER = "https://id.example.gov.cn"
KEY = generate_key("ES256")


def claims(**changes: Any) -> dict[str, Any]:
    given = {"iss": ISSUER, "aud": ISSUER, "sub": "somebody", "client_id": "pages", "exp": time.time() + 60}
    return {name: value for name, value in (given | changes).items() if value is not None}


def token(key: PrivateKey = KEY, typ: str = "at+jwt", **changes: Any) -> str:
    return sign_jwt(claims(**changes), key, typ=typ)


async def verify(unverified_jwt: str, *keys: PrivateKey) -> dict[str, Any]:
    async def fetch() -> dict[str, Any]:
        return {"keys": [public_jwk(key.public_spki) for key in keys or (KEY,)]}

    rules = TokenRules(ISSUER, frozenset({ISSUER}))
    return dict(await TokenVerifier(JwksSource(fetch), rules, system_clock).verify(unverified_jwt))


async def test_a_token_that_holds_is_believed() -> None:
    assert (await verify(token()))["sub"] == "somebody"
    assert (await verify(token(aud=["other", ISSUER])))["sub"] == "somebody"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"aud": "https://other.example"},
        {"aud": None},
        {"aud": [None, 1]},
        {"exp": time.time() - 3600},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"nbf": time.time() + 3600},
        {"sub": None},
        {"sub": ""},
    ],
)
async def test_a_claim_that_does_not_hold_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        await verify(token(**changes))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e300])
async def test_a_time_that_is_none_is_refused(number: float) -> None:
    payload = json.dumps(claims(exp=number)).encode()
    header = {"typ": "at+jwt", "kid": public_jwk(KEY.public_spki)["kid"]}
    with pytest.raises(InvalidToken):
        await verify(sign_jws(payload, KEY, header))


async def test_another_kind_of_token_is_refused() -> None:
    with pytest.raises(InvalidToken):
        await verify(token(typ="JWT"))


async def test_a_key_that_is_not_published_is_refused() -> None:
    with pytest.raises(InvalidToken):
        await verify(token(generate_key("ES256")))


@pytest.mark.parametrize("algorithm", ["none", "HS256", "ES512"])
async def test_an_algorithm_that_is_not_ours_is_refused(algorithm: str) -> None:
    head = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "typ": "at+jwt"}).encode()).rstrip(b"=").decode()
    _old, payload, signature = token().split(".")
    with pytest.raises(InvalidToken):
        await verify(f"{head}.{payload}.{signature}")


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "é.é.é", "." * 5000, token()[:-4] + "AAAA"])
async def test_nonsense_and_changed_tokens_are_refused(text: str) -> None:
    with pytest.raises(InvalidToken):
        await verify(text)


async def test_a_new_key_is_fetched_once_and_guesses_cause_no_flood() -> None:
    later, fetched = generate_key("ES256"), 0
    published = [KEY]

    async def fetch() -> dict[str, Any]:
        nonlocal fetched
        fetched += 1
        return {"keys": [public_jwk(key.public_spki) for key in published]}

    now = 0.0
    verifier = TokenVerifier(
        JwksSource(fetch, monotonic=lambda: now), TokenRules(ISSUER, frozenset({ISSUER})), system_clock
    )
    await verifier.verify(token())
    published.append(later)
    now = 10.0
    assert await verifier.verify(token(later))
    for _ in range(20):
        with pytest.raises(InvalidToken):
            await verifier.verify(token(generate_key("ES256")))
    assert fetched == 2


async def test_an_issuer_that_is_away_signs_nobody_out() -> None:
    away = False

    async def fetch() -> dict[str, Any]:
        if away:
            raise httpx.ConnectError("away")
        return {"keys": [public_jwk(KEY.public_spki)]}

    now = 0.0
    source = JwksSource(fetch, monotonic=lambda: now)
    verifier = TokenVerifier(source, TokenRules(ISSUER, frozenset({ISSUER})), system_clock)
    await verifier.verify(token())
    away, now = True, 1000.0
    assert await verifier.verify(token())
    with pytest.raises(Unavailable):
        await TokenVerifier(JwksSource(fetch), TokenRules(ISSUER, frozenset({ISSUER})), system_clock).verify(token())
