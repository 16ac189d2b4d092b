"""Whatever is sent to the protocols' endpoints, they answer; never with a fault of their own (5xx)."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from idp.clients.client import GRANT_TYPES
from tests.idp.conftest import HandClock, Provider, run_provider
from tests.idp.keyed_party import ASSERTION_TYPE, KeyedParty, keyed_party
from tests.idp.people import CALLBACK

PATHS = (
    "/oauth2/token",
    "/oauth2/par",
    "/oauth2/introspect",
    "/oauth2/revoke",
    "/oauth2/device_authorization",
    "/oauth2/userinfo",
    "/oauth2/authorize",
    "/oauth2/logout",
)
NAMES = [
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "refresh_token",
    "scope",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "device_code",
    "subject_token",
    "subject_token_type",
    "actor_token",
    "actor_token_type",
    "audience",
    "resource",
    "requested_token_type",
    "token",
    "token_type_hint",
    "response_type",
    "response_mode",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "acr_values",
    "claims",
    "request",
    "request_uri",
    "registration",
    "id_token_hint",
    "login_hint",
    "ui_locales",
    "display",
    "dpop_jkt",
    "access_token",
    "post_logout_redirect_uri",
    "user_code",
]
TRAPS = (
    "\x00",
    "null",
    "[]",
    "{}",
    '{"id_token":{"acr":{"essential":true,"values":[null,1]}}}',
    "a.b.c",
    "eyJhbGciOiJub25lIn0.e30.",
    "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiB9.AA",
    "." * 2,
    "-1",
    "9" * 40,
    "http://[::1",
    "https://rp.test:99999/",
    "urn:ietf:params:oauth:request_uri:x",
    "\u202e\ud7ff",
    "é" * 300,
    "openid " * 200,
)
AUTHORIZATIONS = (
    "",
    "Basic",
    "Basic !!!",
    "Basic Og==",
    "Bearer x",
    "DPoP x",
    "Bearer a.b.c",
    "Digest x",
    "Basic w6k6w6k=",
)


class World:
    """A provider of its own for all examples."""

    def __init__(self, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.running: AsyncIterator[Provider] = run_provider(
            folder, HandClock(), lambda values: values.update(open_registration=True)
        )
        self.provider = self.run(anext(self.running))
        self.party: KeyedParty = self.run(keyed_party(self.provider))

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        built = World(Path(folder))
        yield built
        built.run(built.provider.services.stop())
        built.run(built.provider.database.dispose())
        built.loop.close()


def values(world: World) -> st.SearchStrategy[str]:
    good = [world.party.client.client_id, CALLBACK, "code", "S256", "A" * 43, "openid", "none", ASSERTION_TYPE]
    return st.one_of(st.sampled_from([*TRAPS, *good, *GRANT_TYPES]), st.text(max_size=40))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_forms(world: World, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(PATHS))
    form = data.draw(st.dictionaries(st.sampled_from(NAMES), values(world), max_size=10))
    if data.draw(st.booleans()):
        form |= world.party.credentials()
    headers = {"Authorization": data.draw(st.sampled_from(AUTHORIZATIONS))}
    if data.draw(st.booleans()):
        headers["DPoP"] = data.draw(st.sampled_from(["x", "a.b.c", world.party.proof("POST", path)]))
    answer = world.run(world.party.http.post(path, data=form, headers=headers))
    assert answer.status_code < 500, (path, form)
    if path in {"/oauth2/authorize", "/oauth2/logout"}:
        asked = world.run(world.party.http.get(path, params=form))
        assert asked.status_code < 500, (path, form)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    path=st.sampled_from([*PATHS, "/oauth2/register", "/device", "/device/answer"]),
    body=st.binary(max_size=300),
    kind=st.sampled_from(
        ["application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x", "text/plain", ""]
    ),
)
def test_bodies(world: World, path: str, body: bytes, kind: str) -> None:
    answer = world.run(world.party.http.post(path, content=body, headers={"Content-Type": kind}))
    assert answer.status_code < 500, (path, body, kind)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(TRAPS[1:13]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["keys", "kty", "x"]), inner),
    max_leaves=6,
)
MEMBERS = [
    "redirect_uris",
    "grant_types",
    "response_types",
    "jwks",
    "jwks_uri",
    "sector_identifier_uri",
    "subject_type",
    "request_uris",
    "scope",
    "client_name",
    "token_endpoint_auth_method",
    "default_max_age",
    "backchannel_logout_uri",
    "security_profile",
    "response_modes",
    "post_logout_redirect_uris",
    "id_token_signed_response_alg",
    "contacts",
    "tls_client_auth_subject_dn",
]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=6))
@example(document={"redirect_uris": ["http://[::1"]})
def test_registrations(world: World, document: dict[str, object]) -> None:
    whole = {"redirect_uris": [CALLBACK], **document}
    answer = world.run(world.party.http.post("/oauth2/register", json=whole))
    assert answer.status_code in {201, 400}, (document, answer.text)
