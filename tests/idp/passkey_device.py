"""An authenticator made of software: holds keys, signs what it is asked to, and can be told to misbehave."""

import hashlib
import html
import json
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ORIGIN = "https://idp.test"
PRESENT, VERIFIED, MAY_BE_COPIED, HAS_CREDENTIAL = 0x01, 0x04, 0x08, 0x40


def to_text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def to_bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def options_in(page: str, action: str) -> dict[str, Any]:
    """The ceremony's options in the form of this action."""
    form = re.search(rf'<form method="post" action="{re.escape(action)}"[^>]*data-options="([^"]*)"', page)
    assert form is not None, page
    options: dict[str, Any] = json.loads(html.unescape(form.group(1)))
    return options


@dataclass
class PasskeyDevice:
    """One credential. `count` is its signature counter; `flags` what it says of its owner."""

    origin: str = ORIGIN
    rp_id: str = "idp.test"
    flags: int = PRESENT | VERIFIED
    count: int = 0
    steps: int = 1
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    handle: bytes = b""

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def create(self, options: dict[str, Any]) -> str:
        """Answer `navigator.credentials.create`."""
        self.handle = to_bytes(options["user"]["id"])
        point = self._key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        credential = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor2.dumps(public)
        data = self._authenticator_data(self.flags | HAS_CREDENTIAL) + credential
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        said = {
            "clientDataJSON": self._client_data("webauthn.create", options),
            "attestationObject": to_text(attestation),
        }
        return self._answer(said | {"transports": ["internal"]})

    def get(self, options: dict[str, Any], *, handle: bytes | None = None) -> str:
        """Answer `navigator.credentials.get`."""
        self.count += self.steps
        data = self._authenticator_data(self.flags)
        client = self._client_data("webauthn.get", options)
        signed = data + hashlib.sha256(to_bytes(client)).digest()
        signature = self._key.sign(signed, ec.ECDSA(hashes.SHA256()))
        said = {
            "clientDataJSON": client,
            "authenticatorData": to_text(data),
            "signature": to_text(signature),
            "userHandle": to_text(self.handle if handle is None else handle),
        }
        return self._answer(said)

    def _authenticator_data(self, flags: int) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client_data(self, kind: str, options: dict[str, Any]) -> str:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return to_text(json.dumps(said).encode())

    def _answer(self, response: dict[str, Any]) -> str:
        name = to_text(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
