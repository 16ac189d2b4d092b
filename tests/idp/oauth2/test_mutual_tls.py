"""Clients known by the certificate of their connection, and tokens bound to it (RFC 8705), behind a TLS front."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from jose import jwk, jwt

from idp.clients.client import ClientRegistration
from idp.clients.metadata import ClientMetadata
from tests.idp.conftest import HandClock, Provider, run_provider

HEADER = "X-Client-Cert"


class Held:
    """A certificate as the front passes it on, and its key's JWK."""

    def __init__(self, common_name: str = "agency, one", dns: str = "client.test") -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Bureau"),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            ]
        )
        now = datetime(2026, 1, 1, tzinfo=UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + timedelta(days=3650))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(dns)]), critical=False)
            .sign(key, hashes.SHA256())
        )
        self.pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        found = jwk.construct(public.decode(), "ES256").to_dict()
        self.jwk = {name: value.decode() if isinstance(value, bytes) else value for name, value in found.items()}


@pytest.fixture
async def provider(tmp_path: Path, clock: HandClock) -> AsyncIterator[Provider]:
    async for built in run_provider(tmp_path, clock, lambda values: values.update(client_certificate_header=HEADER)):
        yield built


async def client_with(provider: Provider, **members: Any) -> str:
    registration = ClientRegistration(
        name="Agency",
        role="agency",
        scopes=("licence:read",),
        grant_types=("client_credentials",),
        metadata=ClientMetadata(**members),
    )
    client, secret = await provider.services.clients.create(registration)
    assert secret is None
    return client.client_id


async def ask(provider: Provider, client_id: str, certificate: str | None) -> httpx.Response:
    headers = {HEADER: quote(certificate)} if certificate else {}
    body = {"grant_type": "client_credentials", "client_id": client_id}
    return await provider.browser().client.post("/oauth2/token", data=body, headers=headers)


@pytest.mark.parametrize(
    "members",
    [
        {"tls_client_auth_subject_dn": r"CN=agency\, one,O=Bureau,C=CN"},
        {"tls_client_auth_subject_dn": r"cn=Agency\, one, o=bureau, c=cn"},
        {"tls_client_auth_san_dns": "client.test"},
    ],
)
async def test_a_certificate_of_the_registered_name(provider: Provider, members: dict[str, str]) -> None:
    client_id = await client_with(provider, token_endpoint_auth_method="tls_client_auth", **members)
    assert (await ask(provider, client_id, Held().pem)).status_code == 200
    other = Held("agency, two", "other.test")
    for certificate in (other.pem, None):
        assert (await ask(provider, client_id, certificate)).json()["error"] == "invalid_client"


async def test_a_certificate_of_a_registered_key(provider: Provider) -> None:
    held = Held()
    client_id = await client_with(
        provider, token_endpoint_auth_method="self_signed_tls_client_auth", jwks={"keys": [held.jwk]}
    )
    assert (await ask(provider, client_id, held.pem)).status_code == 200
    assert (await ask(provider, client_id, Held().pem)).status_code == 401


async def test_tokens_are_bound_to_the_certificate(provider: Provider) -> None:
    held = Held()
    client_id = await client_with(
        provider,
        token_endpoint_auth_method="self_signed_tls_client_auth",
        jwks={"keys": [held.jwk]},
        tls_client_certificate_bound_access_tokens=True,
    )
    token = (await ask(provider, client_id, held.pem)).json()["access_token"]
    assert len(jwt.get_unverified_claims(token)["cnf"]["x5t#S256"]) == 43


@pytest.mark.parametrize("value", ["nonsense", "%%%", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
async def test_a_header_that_is_no_certificate_is_refused(provider: Provider, value: str) -> None:
    client_id = await client_with(
        provider, token_endpoint_auth_method="tls_client_auth", tls_client_auth_san_dns="client.test"
    )
    assert (await ask(provider, client_id, value)).status_code in {400, 401}


async def test_without_a_front_no_header_is_believed(tmp_path: Path, clock: HandClock) -> None:
    async for provider in run_provider(tmp_path, clock):
        client_id = await client_with(
            provider, token_endpoint_auth_method="tls_client_auth", tls_client_auth_san_dns="client.test"
        )
        assert (await ask(provider, client_id, Held().pem)).status_code == 401


async def test_discovery_offers_it_where_there_is_a_front(provider: Provider) -> None:
    document = (await provider.browser().get("/.well-known/openid-configuration")).json()
    assert "tls_client_auth" in document["token_endpoint_auth_methods_supported"]
    assert document["tls_client_certificate_bound_access_tokens"] is True
