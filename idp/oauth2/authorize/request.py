"""An authorization request: as it was sent, and as it is kept once its rules are met."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from idp.claims.requested import RequestedClaims
from idp.clients.client import Client
from idp.oauth2.parameters import Parameters, split_scope

NO_CLAIMS = RequestedClaims()


@dataclass(frozen=True)
class Attempt:
    """What was sent, and the client it names (None: unknown). The checks read it; nothing in it is trusted yet."""

    parameters: Parameters
    client: Client | None
    is_pushed: bool = False
    is_signed: bool = False
    request_uri: str | None = None
    """The pushed request that this is, when it came by a browser."""

    @property
    def known_client(self) -> Client:
        """The client, after `check_client`."""
        assert self.client is not None
        return self.client

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes asked for."""
        return split_scope(self.parameters.get("scope"))

    @property
    def prompts(self) -> frozenset[str]:
        """The values of `prompt`."""
        return frozenset((self.parameters.get("prompt") or "").split())


@dataclass(frozen=True)
class ReturnAddress:
    """Where and how an answer goes back to the client."""

    redirect_uri: str
    state: str | None
    response_mode: str


@dataclass(frozen=True)
class AuthorizationRequest:
    """A request whose rules are met, kept while the person signs in. `max_age` in seconds. `wanted_level` is a wish,
    `required_level` a condition."""

    client_id: str
    address: ReturnAddress
    scopes: tuple[str, ...]
    nonce: str | None
    code_challenge: str | None
    prompts: tuple[str, ...]
    max_age: int | None
    wanted_level: int
    login_hint: str | None
    hinted_sub: str | None
    received_at: datetime
    required_level: int = 1
    resources: tuple[str, ...] = ()
    claims: RequestedClaims = NO_CLAIMS
    dpop_jkt: str | None = None
    request_uri: str | None = None
    ui_locales: str | None = None
    subject_type: Literal["natural", "legal"] | None = None
    """Whether the client wants somebody who acts for themselves, or for an organisation."""

    @property
    def is_openid(self) -> bool:
        """Whether an ID token is asked for."""
        return "openid" in self.scopes


def to_bytes(request: AuthorizationRequest) -> bytes:
    """A request as it is stored."""
    return json.dumps(asdict(request) | {"received_at": request.received_at.isoformat()}).encode()


def from_bytes(stored: bytes) -> AuthorizationRequest:
    """The request that `to_bytes` wrote."""
    values = json.loads(stored)
    return AuthorizationRequest(
        **{
            **values,
            "address": ReturnAddress(**values["address"]),
            "scopes": tuple(values["scopes"]),
            "prompts": tuple(values["prompts"]),
            "resources": tuple(values["resources"]),
            "claims": _claims(values["claims"]),
            "received_at": datetime.fromisoformat(values["received_at"]),
        }
    )


def _claims(values: dict[str, Any]) -> RequestedClaims:
    tuples = {name: tuple(values[name]) for name in ("userinfo", "id_token", "acr_values")}
    return RequestedClaims(**tuples, sub=values["sub"])
