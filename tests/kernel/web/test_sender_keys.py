"""Resource servers want the proof of the key that a token is bound to."""

from collections.abc import Mapping
from typing import Any

import pytest
from starlette.requests import Request

from kernel.clock import system_clock
from kernel.crypto.possession.dpop import jwk_thumbprint
from kernel.ephemeral.memory import InProcessStore
from kernel.errors import AuthenticationRequired
from kernel.web.bearer import Presented
from kernel.web.possession.dpop import DpopGuard
from kernel.web.possession.front import CertificateFront
from kernel.web.possession.sender import RequestKeys
from tests.idp.keyed_party import Key, ath

ORIGIN, PATH = "https://api.test", "/api/v1/licences"


@pytest.fixture
def keys() -> RequestKeys:
    guard = DpopGuard(InProcessStore(), system_clock, lambda text: text * 40)
    return RequestKeys(guard, CertificateFront(), ORIGIN)


def request(*proofs: str) -> Request:
    headers = [(b"dpop", proof.encode()) for proof in proofs]
    return Request({"type": "http", "method": "GET", "path": PATH, "query_string": b"a=b", "headers": headers})


def proof(key: Key, **changes: Any) -> str:
    claims = {"jti": "1", "htm": "GET", "htu": ORIGIN + PATH, "iat": int(system_clock().timestamp())}
    return key.sign({**claims, "ath": ath("token"), **changes}, typ="dpop+jwt", jwk=key.jwk)


def bound(key: Key) -> Mapping[str, Any]:
    return {"sub": "somebody", "cnf": {"jkt": jwk_thumbprint(key.jwk)}}


async def test_a_bound_token_with_its_proof_is_taken_once(keys: RequestKeys) -> None:
    key = Key()
    sent = proof(key)
    await keys.check(request(sent), Presented("dpop", "token"), dict(bound(key)))
    with pytest.raises(AuthenticationRequired):
        await keys.check(request(sent), Presented("dpop", "token"), dict(bound(key)))


async def test_anything_less_is_refused(keys: RequestKeys) -> None:
    key, dpop, bearer = Key(), Presented("dpop", "token"), Presented("bearer", "token")
    for sent, presented, claims in (
        (request(), dpop, bound(key)),
        (request(), bearer, bound(key)),
        (request(proof(key, jti="2")), bearer, bound(key)),
        (request(proof(Key(), jti="3")), dpop, bound(key)),
        (request(proof(key, jti="4", ath=ath("other"))), dpop, bound(key)),
        (request(proof(key, jti="5", htm="POST")), dpop, bound(key)),
        (request(proof(key, jti="6"), proof(key, jti="7")), dpop, bound(key)),
        (request(proof(key, jti="8")), dpop, {"sub": "somebody"}),
        (request(), bearer, {"sub": "somebody", "cnf": {"x5t#S256": "A" * 43}}),
    ):
        with pytest.raises(AuthenticationRequired):
            await keys.check(sent, presented, dict(claims))


async def test_a_plain_token_is_taken_as_before(keys: RequestKeys) -> None:
    await keys.check(request(), Presented("bearer", "token"), {"sub": "somebody"})
