"""oidcc-config-certification-test-plan."""

from tests.idp.browser import ORIGIN
from tests.idp.conformance.conftest import Suite

REQUIRED = (
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "response_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
)


async def test_oidcc_discovery_endpoint_verification(suite: Suite) -> None:
    document = await suite.discovery()
    assert set(REQUIRED) <= set(document)
    assert document["issuer"] == ORIGIN
    assert "RS256" in document["id_token_signing_alg_values_supported"]
    assert "none" not in document["id_token_signing_alg_values_supported"]
    assert "code" in document["response_types_supported"]
    assert "openid" in document["scopes_supported"]
    for name, value in document.items():
        if name.endswith(("_endpoint", "_uri")):
            assert str(value).startswith(f"{ORIGIN}/"), name
    keys = (await suite.http.get(document["jwks_uri"])).json()["keys"]
    assert all({"d", "p", "q", "k"}.isdisjoint(key) for key in keys)
    assert len({key["kid"] for key in keys}) == len(keys)
