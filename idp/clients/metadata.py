"""What a client says about itself beyond its addresses and scopes, by the names of the IANA registry (RFC 7591 §2).

Members that the registry does not know are ours: `access_token_format`, `security_profile`, `resources`,
`token_exchange_modes`, `token_exchange_audiences`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from kernel.errors import FieldError

PUBLIC_METHOD = "none"
KEY_METHODS = ("private_key_jwt",)
CERTIFICATE_METHODS = ("tls_client_auth", "self_signed_tls_client_auth")
SECRET_METHODS = ("client_secret_basic", "client_secret_post")
AUTH_METHODS = (*SECRET_METHODS, *KEY_METHODS, *CERTIFICATE_METHODS, PUBLIC_METHOD)
SIGNING_ALGORITHMS = ("ES256", "RS256", "PS256", "EdDSA")
"""What we sign with; also what clients may sign with, unless a profile says less."""
FAPI_ALGORITHMS = ("PS256", "ES256", "EdDSA")
FAPI2 = "fapi2-security-profile"
RESPONSE_MODES = ("query", "fragment", "form_post")


@dataclass(frozen=True)
class ClientMetadata:
    """One client's metadata. None and empty mean: as the house does it.

    `token_endpoint_auth_method` None: the secret, in the header or in the body. `security_profile`: FAPI2 or None.
    """

    token_endpoint_auth_method: str | None = None
    token_endpoint_auth_signing_alg: str | None = None
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str | None = None
    tls_client_auth_subject_dn: str | None = None
    tls_client_auth_san_dns: str | None = None
    tls_client_auth_san_uri: str | None = None
    tls_client_auth_san_ip: str | None = None
    tls_client_auth_san_email: str | None = None
    id_token_signed_response_alg: str | None = None
    userinfo_signed_response_alg: str | None = None
    request_object_signing_alg: str | None = None
    require_signed_request_object: bool = False
    request_uris: tuple[str, ...] = ()
    require_pushed_authorization_requests: bool = False
    dpop_bound_access_tokens: bool = False
    tls_client_certificate_bound_access_tokens: bool = False
    subject_type: str = "public"
    sector_identifier_uri: str | None = None
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool = False
    frontchannel_logout_uri: str | None = None
    frontchannel_logout_session_required: bool = False
    response_modes: tuple[str, ...] = ()
    default_max_age: int | None = None
    require_auth_time: bool = False
    default_acr_values: tuple[str, ...] = ()
    initiate_login_uri: str | None = None
    application_type: str = "web"
    client_uri: str | None = None
    logo_uri: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None
    contacts: tuple[str, ...] = ()
    software_id: str | None = None
    software_version: str | None = None
    access_token_format: str = "jwt"  # noqa: S105 - a format, not a token
    security_profile: str | None = None
    resources: tuple[str, ...] = ()
    token_exchange_modes: tuple[str, ...] = ()
    token_exchange_audiences: tuple[str, ...] = ()

    @property
    def wants_opaque_tokens(self) -> bool:
        """Whether access tokens say nothing by themselves, and resource servers introspect them."""
        return self.access_token_format == "opaque"  # noqa: S105 - a format, not a token

    @property
    def is_fapi2(self) -> bool:
        """Whether the FAPI 2.0 security profile governs this client."""
        return self.security_profile == FAPI2

    @property
    def must_push(self) -> bool:
        """Whether authorization requests come by PAR alone (RFC 9126 §6)."""
        return self.require_pushed_authorization_requests or self.is_fapi2

    @property
    def must_bind(self) -> bool:
        """Whether access tokens are bound to a key of the sender."""
        return self.dpop_bound_access_tokens or self.tls_client_certificate_bound_access_tokens or self.is_fapi2

    @property
    def accepted_algorithms(self) -> tuple[str, ...]:
        """What this client may sign assertions and request objects with."""
        return FAPI_ALGORITHMS if self.is_fapi2 else SIGNING_ALGORITHMS

    @property
    def has_keys(self) -> bool:
        """Whether there is somewhere to find its public keys."""
        return self.jwks is not None or self.jwks_uri is not None

    def to_json(self) -> dict[str, Any]:
        """The members that differ from what is usual."""
        written = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if value != each.default:
                written[each.name] = list(value) if isinstance(value, tuple) else value
        return written

    @classmethod
    def stored(cls, document: Mapping[str, Any]) -> "ClientMetadata":
        """What `to_json` wrote."""
        known = {each.name for each in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in document.items()
            if name in known
        }
        return cls(**values)


USUAL = ClientMetadata()
"""Of a client that says nothing."""

Reader = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 2000 and "\x00" not in value


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 50 and all(_is_text(each) for each in value)


def _is_seconds(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9


KINDS: Mapping[type, tuple[Reader, str]] = {
    bool: (lambda value: isinstance(value, bool), "This is true or false."),
    tuple: (_is_texts, "This is a list of texts."),
    int: (_is_seconds, "This is a number of seconds."),
    dict: (lambda value: isinstance(value, dict), "This is a JSON object."),
    str: (_is_text, "This is a text."),
}


def kind_of(name: str) -> type:
    """What a member holds."""
    if name in {"default_max_age"}:
        return int
    if name == "jwks":
        return dict
    default = ClientMetadata.__dataclass_fields__[name].default
    return type(default) if isinstance(default, bool | tuple) else str


def read_metadata(document: Mapping[str, Any]) -> tuple[ClientMetadata, list[FieldError]]:
    """The members that we know in a client's own document, and what is wrong with their kinds.

    Members that we do not know are passed over (RFC 7591 §2), as are those sent as null.
    """
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for each in fields(ClientMetadata):
        value = document.get(each.name)
        if value is None:
            continue
        fits, complaint = KINDS[kind_of(each.name)]
        if not fits(value):
            errors.append(FieldError(each.name, complaint))
        else:
            values[each.name] = tuple(value) if isinstance(value, list) else value
    return ClientMetadata(**values), errors
