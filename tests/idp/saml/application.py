"""An application that speaks SAML by a foreign library: pysaml2, with Debian's xmlsec1."""

import base64
import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.metadata import entity_descriptor

from idp.saml.applications.application import SamlApplication, SamlSettings
from idp.saml.applications.registry import SamlRegistration
from kernel.audit.chain import SYSTEM
from tests.idp.conftest import Provider

ENTITY_ID = "https://app.test/saml/metadata"
CONSUMER = "https://app.test/saml/acs"
LOGOUT = "https://app.test/saml/slo"


@dataclass(frozen=True)
class KeyFiles:
    """An RSA key with a certificate, on disk."""

    key: str
    certificate: str


def make_key(folder: Path, name: str, clock: Any) -> KeyFiles:
    """A key as applications make one for themselves."""
    private = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name}.test")])
    builder = x509.CertificateBuilder(subject, subject, private.public_key(), x509.random_serial_number())
    moment = clock().replace(microsecond=0)
    built = builder.not_valid_before(moment.replace(year=2025)).not_valid_after(moment.replace(year=2036))
    certificate = built.sign(private, hashes.SHA256())
    paths = KeyFiles(str(folder / f"{name}.key"), str(folder / f"{name}.pem"))
    no_password = serialization.NoEncryption()
    form = serialization.PrivateFormat.TraditionalOpenSSL
    Path(paths.key).write_bytes(private.private_bytes(serialization.Encoding.PEM, form, no_password))
    Path(paths.certificate).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return paths


@dataclass(frozen=True)
class Posted:
    """A form that the provider had the browser post."""

    address: str
    fields: dict[str, str]

    @classmethod
    def of(cls, page: httpx.Response) -> "Posted":
        """The form of this page."""
        assert page.status_code == 200, page.text
        action = re.findall(r'<form method="post" action="([^"]*)" data-form-post', page.text)
        assert action, page.text
        found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
        return cls(html.unescape(action[0]), {html.unescape(key): html.unescape(value) for key, value in found})

    @property
    def message(self) -> bytes:
        """The SAML message in it."""
        return base64.b64decode(self.fields.get("SAMLResponse") or self.fields["SAMLRequest"])


class ForeignApplication:
    """An application behind pysaml2's client."""

    def __init__(self, folder: Path, keys: KeyFiles, idp_metadata: str, changes: dict[str, Any] | None = None) -> None:
        self.keys = keys
        service = {
            "endpoints": {
                "assertion_consumer_service": [(CONSUMER, BINDING_HTTP_POST)],
                "single_logout_service": [(LOGOUT, BINDING_HTTP_REDIRECT), (LOGOUT, BINDING_HTTP_POST)],
            },
            "authn_requests_signed": True,
            "want_response_signed": True,
            "want_assertions_signed": True,
            "logout_requests_signed": True,
            "signing_algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            "digest_algorithm": "http://www.w3.org/2001/04/xmlenc#sha256",
            **(changes or {}),
        }
        config = {
            "entityid": ENTITY_ID,
            "service": {"sp": service},
            "key_file": keys.key,
            "cert_file": keys.certificate,
            "encryption_keypairs": [{"key_file": keys.key, "cert_file": keys.certificate}],
            "xmlsec_binary": "/usr/bin/xmlsec1",
            "metadata": {"inline": [idp_metadata]},
            "allow_unknown_attributes": True,
            "accepted_time_diff": 10**9,  # the provider's clock is the test's
        }
        self.config = SPConfig().load(config)
        self.client = Saml2Client(config=self.config)
        self.outstanding: dict[str, str] = {}

    @property
    def metadata(self) -> bytes:
        """The application's own metadata."""
        return str(entity_descriptor(self.config)).encode()

    def login_url(self, relay_state: str = "back here", **arguments: Any) -> str:
        """A request by Redirect, as a path of the provider."""
        identity, info = self.client.prepare_for_authenticate(relay_state=relay_state, **arguments)
        self.outstanding[identity] = "/"
        address = dict(info["headers"])["Location"]
        parts = urlsplit(address)
        return f"{parts.path}?{parts.query}"

    def login_form(self, relay_state: str = "back here", **arguments: Any) -> dict[str, str]:
        """A request by POST."""
        identity, info = self.client.prepare_for_authenticate(
            relay_state=relay_state, binding=BINDING_HTTP_POST, **arguments
        )
        self.outstanding[identity] = "/"
        found = re.findall(r'name="(SAMLRequest|RelayState)"\s+value="([^"]*)"', info["data"])
        return {key: html.unescape(value) for key, value in found}

    def read(self, posted: Posted) -> Any:
        """What the library makes of an answer; raises when it does not believe it."""
        return self.client.parse_authn_request_response(
            posted.fields["SAMLResponse"], BINDING_HTTP_POST, outstanding=self.outstanding
        )


def query_of_path(path: str) -> dict[str, list[str]]:
    """The parameters of a path."""
    return parse_qs(urlsplit(path).query)


async def register(provider: Provider, application: ForeignApplication, **settings: Any) -> SamlApplication:
    """Have the provider know it; first-party with the display name, unless the test says otherwise."""
    values = {"first_party": True, "encrypts": False, **settings}
    registration = SamlRegistration(application.metadata, name="Tax desk", settings=SamlSettings(**values))
    return await provider.services.saml.applications.register(registration, SYSTEM)
