"""What we are and can do (OpenID Connect Discovery 1.0 §3, RFC 8414 §2). Lists only what works."""

from collections.abc import Sequence
from typing import Any

from idp.consent.words import SCOPE_WORDS
from idp.oauth2.authorize.checks import PROMPTS, RESPONSE_MODES
from idp.oauth2.client_authentication import CONFIDENTIAL_METHODS, METHODS
from idp.oauth2.pkce import METHOD
from idp.persons.person import acr
from idp.settings import IdpSettings

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
)


def document(settings: IdpSettings, grant_types: Sequence[str], algorithms: Sequence[str]) -> dict[str, Any]:
    """The metadata document, the same at both well-known addresses."""
    issuer = settings.issuer
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth2/authorize",
        "token_endpoint": f"{issuer}/oauth2/token",
        "userinfo_endpoint": f"{issuer}/oauth2/userinfo",
        "jwks_uri": f"{issuer}/oauth2/jwks",
        "introspection_endpoint": f"{issuer}/oauth2/introspect",
        "revocation_endpoint": f"{issuer}/oauth2/revoke",
        "end_session_endpoint": f"{issuer}/oauth2/logout",
        "scopes_supported": list(SCOPE_WORDS),
        "response_types_supported": ["code"],
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": list(grant_types),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(algorithms),
        "token_endpoint_auth_methods_supported": list(METHODS),
        "introspection_endpoint_auth_methods_supported": list(CONFIDENTIAL_METHODS),
        "revocation_endpoint_auth_methods_supported": list(METHODS),
        "code_challenge_methods_supported": [METHOD],
        "prompt_values_supported": list(PROMPTS),
        "acr_values_supported": [acr(level) for level in (1, 2, 3, 4)],
        "claims_supported": list(CLAIMS),
        "claim_types_supported": ["normal"],
        "ui_locales_supported": ["zh-CN", "en"],
        "authorization_response_iss_parameter_supported": True,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }
