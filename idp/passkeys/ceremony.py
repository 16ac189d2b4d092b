"""The two ceremonies of WebAuthn over py_webauthn: options for the browser, and what its answer proves. No storage."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from kernel.errors import InvalidInput

TIMEOUT_MILLISECONDS = 300_000
CREDENTIAL_MAXIMUM_LENGTH = 64 * 1024
REFUSED = "The passkey was not accepted. Try again, or sign in another way."

_TRANSPORTS = frozenset(each.value for each in AuthenticatorTransport)


@dataclass(frozen=True)
class KnownCredential:
    """A credential as the ceremonies name it."""

    credential_id: bytes
    public_key: bytes
    transports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Account:
    """Whose passkey is made. `handle` comes back at sign-in; `name` is what the browser lists."""

    handle: str
    name: str
    display_name: str


@dataclass(frozen=True)
class NewCredential:
    """What a registration proved."""

    known: KnownCredential
    sign_count: int
    is_synced: bool


@dataclass(frozen=True)
class Assertion:
    """What a sign-in proved. `is_verified`: the device knew its owner by finger, face or PIN."""

    sign_count: int
    is_verified: bool


@dataclass(frozen=True)
class Answer:
    """A browser's answer, read but not checked."""

    document: dict[str, Any]
    credential_id: bytes
    challenge: bytes
    user_handle: str

    @property
    def transports(self) -> tuple[str, ...]:
        """How the authenticator says it can be reached; unknown words dropped."""
        response = self.document.get("response")
        named = response.get("transports") if isinstance(response, dict) else None
        return tuple(each for each in named if each in _TRANSPORTS) if isinstance(named, list) else ()


def read_answer(text: str) -> Answer:
    """A `PublicKeyCredential` in its JSON form (Level 3 §5.1.8). Raises `InvalidInput`."""
    if len(text) > CREDENTIAL_MAXIMUM_LENGTH:
        raise InvalidInput(REFUSED, reason="the passkey answer is too long")
    try:
        document = json.loads(text)
        response = document["response"]
        client_data = parse_client_data_json(base64url_to_bytes(response["clientDataJSON"]))
        handle = base64url_to_bytes(response.get("userHandle") or "").decode()
        return Answer(document, base64url_to_bytes(document["rawId"]), client_data.challenge, handle)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, WebAuthnException) as failure:
        raise InvalidInput(REFUSED, reason=f"the passkey answer is unreadable: {failure}") from failure


class Ceremony:
    """The ceremonies of one relying party: the host and origin of `issuer`."""

    def __init__(self, issuer: str, name: str) -> None:
        parts = urlsplit(issuer)
        self.rp_id = parts.hostname or ""
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._name = name

    @property
    def is_possible(self) -> bool:
        """Browsers make passkeys for names alone, never for IP addresses."""
        try:
            ip_address(self.rp_id)
        except ValueError:
            return bool(self.rp_id)
        return False

    def creation_options(self, challenge: bytes, account: Account, known: Sequence[KnownCredential]) -> str:
        """`PublicKeyCredentialCreationOptions` as JSON: discoverable, no attestation, none that is there already."""
        options = webauthn.generate_registration_options(
            rp_id=self.rp_id,
            rp_name=self._name,
            user_name=account.name,
            user_id=account.handle.encode(),
            user_display_name=account.display_name,
            challenge=challenge,
            timeout=TIMEOUT_MILLISECONDS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_descriptors(known),
        )
        return webauthn.options_to_json(options)

    def request_options(self, challenge: bytes, known: Sequence[KnownCredential] = ()) -> str:
        """`PublicKeyCredentialRequestOptions` as JSON; without `known`, whichever passkey the person picks."""
        options = webauthn.generate_authentication_options(
            rp_id=self.rp_id,
            challenge=challenge,
            timeout=TIMEOUT_MILLISECONDS,
            allow_credentials=_descriptors(known),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return webauthn.options_to_json(options)

    def check_creation(self, answer: Answer, challenge: bytes) -> NewCredential:
        """Registering (§7.1). Raises `InvalidInput`."""
        try:
            proved = webauthn.verify_registration_response(
                credential=answer.document,
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError) as failure:
            raise InvalidInput(REFUSED, reason=f"passkey registration: {failure}") from failure
        known = KnownCredential(proved.credential_id, proved.credential_public_key, answer.transports)
        return NewCredential(
            known, proved.sign_count, proved.credential_device_type is CredentialDeviceType.MULTI_DEVICE
        )

    def check_assertion(self, answer: Answer, challenge: bytes, known: KnownCredential) -> Assertion:
        """Signing in (§7.2), all but the counter, which is compared where it is kept. Raises `InvalidInput`."""
        try:
            proved = webauthn.verify_authentication_response(
                credential=answer.document,
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self._origin,
                credential_public_key=known.public_key,
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError) as failure:
            raise InvalidInput(REFUSED, reason=f"passkey sign-in: {failure}") from failure
        return Assertion(proved.new_sign_count, proved.user_verified)


def _descriptors(known: Sequence[KnownCredential]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=each.credential_id, transports=[AuthenticatorTransport(name) for name in each.transports] or None
        )
        for each in known
    ]
