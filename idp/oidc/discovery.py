"""What we are and can do (OpenID Connect Discovery 1.0 §3, RFC 8414 §2). Lists only what works."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from idp.clients.metadata import CERTIFICATE_METHODS, RESPONSE_MODES, SIGNING_ALGORITHMS
from idp.consent.words import SCOPE_WORDS
from idp.oauth2.authorize.checks import PROMPTS
from idp.oauth2.client_authentication.service import CONFIDENTIAL_METHODS, METHODS
from idp.oauth2.pkce import METHOD
from idp.persons.person import acr
from idp.settings import IdpSettings
from kernel.crypto.possession.dpop import ALGORITHMS as DPOP_ALGORITHMS

CLAIMS = (
    "sub",
    "iss",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "at_hash",
    "sid",
    "name",
    "preferred_username",
    "locale",
    "phone_number",
    "phone_number_verified",
    "email",
    "email_verified",
    "subject_type",
    "organisation",
    "roles",
    "id_type",
    "id_number",
    "organisations",
    "act",
)


@dataclass(frozen=True)
class Abilities:
    """What the house can do, as it is set up. `algorithms`: of ID tokens; `has_front`: client certificates reach us."""

    grant_types: Sequence[str]
    algorithms: Sequence[str]
    has_front: bool


def document(settings: IdpSettings, abilities: Abilities) -> dict[str, Any]:
    """The metadata document, the same at both well-known addresses."""
    methods = [each for each in METHODS if abilities.has_front or each not in CERTIFICATE_METHODS]
    confidential = [each for each in methods if each in CONFIDENTIAL_METHODS]
    return {
        "issuer": settings.issuer,
        **_endpoints(settings.issuer),
        "scopes_supported": list(SCOPE_WORDS),
        "response_types_supported": ["code"],
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": list(abilities.grant_types),
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": list(abilities.algorithms),
        "userinfo_signing_alg_values_supported": list(abilities.algorithms),
        "request_object_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "dpop_signing_alg_values_supported": list(DPOP_ALGORITHMS),
        "tls_client_certificate_bound_access_tokens": abilities.has_front,
        "code_challenge_methods_supported": [METHOD],
        "prompt_values_supported": list(PROMPTS),
        "acr_values_supported": [acr(level) for level in (1, 2, 3, 4)],
        "claims_supported": list(CLAIMS),
        "claim_types_supported": ["normal"],
        "ui_locales_supported": ["zh-CN", "en"],
        "authorization_response_iss_parameter_supported": True,
        "claims_parameter_supported": True,
        "request_parameter_supported": True,
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": True,
        "require_pushed_authorization_requests": False,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
    }


def _endpoints(issuer: str) -> dict[str, str]:
    return {
        "authorization_endpoint": f"{issuer}/oauth2/authorize",
        "token_endpoint": f"{issuer}/oauth2/token",
        "userinfo_endpoint": f"{issuer}/oauth2/userinfo",
        "jwks_uri": f"{issuer}/oauth2/jwks",
        "introspection_endpoint": f"{issuer}/oauth2/introspect",
        "revocation_endpoint": f"{issuer}/oauth2/revoke",
        "pushed_authorization_request_endpoint": f"{issuer}/oauth2/par",
        "device_authorization_endpoint": f"{issuer}/oauth2/device_authorization",
        "registration_endpoint": f"{issuer}/oauth2/register",
        "end_session_endpoint": f"{issuer}/oauth2/logout",
    }
