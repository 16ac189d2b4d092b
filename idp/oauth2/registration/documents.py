"""Client metadata documents (RFC 7591 §2, §3.2.1) to registrations and back. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from idp.clients.client import GRANT_TYPES, Client, ClientRegistration
from idp.clients.metadata import PUBLIC_METHOD, ClientMetadata, read_metadata
from idp.oauth2.errors import OAuthError
from idp.roles.scopes import IDENTITY_SCOPES
from kernel.errors import FieldError

OPEN_SCOPES = IDENTITY_SCOPES - {"realname"}
"""What clients may register for by themselves; more is for the administrator to give."""
OURS = ("access_token_format", "security_profile", "resources", "token_exchange_modes", "token_exchange_audiences")
NOT_OPEN = ("resources", "token_exchange_modes", "token_exchange_audiences")
DEFAULT_SCOPES = ("openid", "profile", "email", "phone", "offline_access")
REDIRECT_MEMBERS = frozenset({"redirect_uris"})


class RegistrationRefused(OAuthError):
    """Metadata that cannot be (RFC 7591 §3.2.2); the description names the members."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        only_addresses = {each.field for each in errors} <= REDIRECT_MEMBERS
        code = "invalid_redirect_uri" if only_addresses else "invalid_client_metadata"
        told = "; ".join(f"{each.field}: {each.message.format(**each.params)}" for each in errors)
        super().__init__(code, told or "The metadata cannot be.")


def read_registration(document: Mapping[str, Any], client_id: str | None = None) -> ClientRegistration:
    """The registration that a document asks for. Raises `RegistrationRefused`."""
    if document.get("software_statement") is not None:
        raise OAuthError("unapproved_software_statement", "No issuer of software statements is trusted here.")
    metadata, errors = read_metadata({name: value for name, value in document.items() if name not in NOT_OPEN})
    redirect_uris = _texts(document, "redirect_uris", (), errors)
    logout_uris = _texts(document, "post_logout_redirect_uris", (), errors)
    grant_types = _texts(document, "grant_types", ("authorization_code",), errors)
    response_types = _texts(document, "response_types", ("code",), errors)
    name = document.get("client_name", "")
    if not isinstance(name, str) or len(name) > 128:
        errors.append(FieldError("client_name", "This is a text of at most 128 characters."))
    errors += _check_open(document, grant_types, response_types)
    if errors:
        raise RegistrationRefused(errors)
    return ClientRegistration(
        name=name.strip() or "-",
        redirect_uris=redirect_uris,
        post_logout_redirect_uris=logout_uris,
        scopes=_scopes(document),
        grant_types=grant_types,
        is_public=metadata.token_endpoint_auth_method == PUBLIC_METHOD,
        client_id=client_id,
        metadata=_with_defaults(metadata),
    )


def write_registration(client: Client) -> dict[str, Any]:
    """The client information response, without secrets (RFC 7591 §3.2.1)."""
    metadata = client.metadata
    members = metadata.to_json()
    return {
        "client_id": client.client_id,
        "client_name": client.name,
        "redirect_uris": list(client.redirect_uris),
        "post_logout_redirect_uris": list(client.post_logout_redirect_uris),
        "grant_types": sorted(client.grant_types),
        "response_types": ["code"] if "authorization_code" in client.grant_types else [],
        "scope": " ".join(sorted(client.allowed_scopes)),
        "token_endpoint_auth_method": client.auth_methods[0],
        "subject_type": metadata.subject_type,
        "application_type": metadata.application_type,
        **members,
    }


def _with_defaults(metadata: ClientMetadata) -> ClientMetadata:
    """RFC 7591 §2: without a method it is client_secret_basic, and nothing else."""
    if metadata.token_endpoint_auth_method is not None:
        return metadata
    return ClientMetadata.stored({**metadata.to_json(), "token_endpoint_auth_method": "client_secret_basic"})


def _check_open(
    document: Mapping[str, Any], grant_types: Sequence[str], response_types: Sequence[str]
) -> list[FieldError]:
    errors = []
    if set(response_types) - {"code"}:
        errors.append(FieldError("response_types", "The response_type is code."))
    if set(grant_types) - set(GRANT_TYPES) or "client_credentials" in grant_types:
        errors.append(FieldError("grant_types", "A client that registers itself cannot have this grant type."))
    if any("token-exchange" in each for each in grant_types):
        errors.append(FieldError("grant_types", "A client that registers itself cannot have this grant type."))
    errors += [FieldError(name, "Only the administrator sets this.") for name in NOT_OPEN if document.get(name)]
    scope = document.get("scope")
    if scope is not None and not isinstance(scope, str):
        errors.append(FieldError("scope", "This is a text."))
    return errors


def _scopes(document: Mapping[str, Any]) -> tuple[str, ...]:
    """RFC 7591 §2: the server may leave out scopes; those for others are left out."""
    asked = str(document["scope"]).split() if document.get("scope") else DEFAULT_SCOPES
    return tuple(scope for scope in asked if scope in OPEN_SCOPES)


def _texts(
    document: Mapping[str, Any], name: str, default: tuple[str, ...], errors: list[FieldError]
) -> tuple[str, ...]:
    value = document.get(name)
    if value is None:
        return default
    if not isinstance(value, list) or len(value) > 50 or not all(isinstance(each, str) for each in value):
        errors.append(FieldError(name, "This is a list of texts."))
        return ()
    return tuple(value)
