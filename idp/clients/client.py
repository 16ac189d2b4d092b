"""A registered application."""

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from idp.clients.metadata import PUBLIC_METHOD, SECRET_METHODS, USUAL, ClientMetadata
from idp.clients.metadata_rules import LOOPBACK, check_metadata
from idp.roles.scopes import ALL_SCOPES
from kernel.errors import FieldError, InvalidInput

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - the name of a grant
GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials", DEVICE_CODE, TOKEN_EXCHANGE)


class ClientRole(StrEnum):
    """What a client is to us."""

    WEB = "web"
    AGENCY = "agency"
    VERIFIER = "verifier"
    MACHINE = "machine"


@dataclass(frozen=True)
class ClientRegistration:
    """What an operator says about a new client. `may_realname`: may learn ID numbers of those who consent."""

    name: str
    role: str = ClientRole.WEB
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("openid", "profile")
    grant_types: tuple[str, ...] = ("authorization_code",)
    organisation_uscc: str | None = None
    organisation_name: str | None = None
    is_public: bool = False
    requires_pkce: bool = True
    first_party: bool = False
    may_realname: bool = False
    client_id: str | None = None
    metadata: ClientMetadata = USUAL

    @property
    def has_secret(self) -> bool:
        """Whether a secret is made for it: not for public clients, nor for those that prove a key."""
        return not self.is_public and self.metadata.token_endpoint_auth_method in {None, *SECRET_METHODS}


@dataclass(frozen=True)
class Client:
    """A client as the endpoints see it. `secret_hash` is None for public clients and for those that prove a key."""

    client_id: str
    name: str
    role: ClientRole
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    scopes: frozenset[str]
    grant_types: frozenset[str]
    organisation: dict[str, str] | None
    requires_pkce: bool
    first_party: bool
    may_realname: bool
    secret_hash: bytes | None = field(repr=False, default=None)
    metadata: ClientMetadata = USUAL

    @property
    def auth_methods(self) -> tuple[str, ...]:
        """How it may authenticate (RFC 7591 §2 `token_endpoint_auth_method`)."""
        if self.metadata.token_endpoint_auth_method is not None:
            return (self.metadata.token_endpoint_auth_method,)
        return SECRET_METHODS if self.secret_hash is not None else (PUBLIC_METHOD,)

    @property
    def is_public(self) -> bool:
        """Whether the client has no credentials (RFC 6749 §2.1)."""
        return self.auth_methods == (PUBLIC_METHOD,)

    @property
    def must_use_pkce(self) -> bool:
        """Whether every authorization request needs a challenge."""
        return self.is_public or self.requires_pkce or self.metadata.is_fapi2

    @property
    def sector(self) -> str:
        """The host by which pairwise subjects differ (OpenID Connect Core §8.1)."""
        address = self.metadata.sector_identifier_uri or next(iter(self.redirect_uris), "")
        return urlsplit(address).hostname or self.client_id

    @property
    def allowed_scopes(self) -> frozenset[str]:
        """Scopes this client may be given."""
        return self.scopes if self.may_realname else self.scopes - {"realname"}


def check_registration(registration: ClientRegistration) -> None:
    """Raises `InvalidInput` naming each field that cannot be."""
    errors: list[FieldError] = []
    if not registration.name.strip():
        errors.append(FieldError("name", "Give the application a name."))
    if registration.role not in list(ClientRole):
        errors.append(FieldError("role", "The role of an application is web, agency, verifier or machine."))
    for uri in registration.redirect_uris:
        errors += check_redirect_uri(uri)
    for uri in registration.post_logout_redirect_uris:
        errors += [FieldError("post_logout_redirect_uris", each.message) for each in check_redirect_uri(uri)]
    unknown_grants = sorted(set(registration.grant_types) - set(GRANT_TYPES))
    if unknown_grants:
        errors.append(
            FieldError("grant_types", "There is no grant type {names}.", {"names": ", ".join(unknown_grants)})
        )
    unknown_scopes = sorted(set(registration.scopes) - ALL_SCOPES)
    if unknown_scopes:
        errors.append(FieldError("scopes", "There is no scope {names}.", {"names": ", ".join(unknown_scopes)}))
    if "authorization_code" in registration.grant_types and not registration.redirect_uris:
        errors.append(FieldError("redirect_uris", "Name at least one address to come back to."))
    if registration.is_public and {"client_credentials", TOKEN_EXCHANGE} & set(registration.grant_types):
        errors.append(FieldError("grant_types", "An application without a secret cannot act for itself."))
    errors += check_metadata(registration.metadata)
    errors = errors or _check_together(registration)  # which takes the addresses apart, so they must be some
    if errors:
        raise InvalidInput("The application cannot be registered like this.", fields=errors)


def _check_together(registration: ClientRegistration) -> list[FieldError]:
    """Members that must fit each other."""
    metadata, errors = registration.metadata, []
    method = metadata.token_endpoint_auth_method
    if method is not None and (method == PUBLIC_METHOD) != registration.is_public:
        errors.append(FieldError("token_endpoint_auth_method", "An application is public, or it authenticates."))
    hosts = {urlsplit(uri).hostname for uri in registration.redirect_uris}
    if metadata.subject_type == "pairwise" and len(hosts) > 1 and metadata.sector_identifier_uri is None:
        message = "With addresses on several hosts, pairwise subjects need a sector_identifier_uri."
        errors.append(FieldError("sector_identifier_uri", message))
    return errors


def check_redirect_uri(uri: str) -> list[FieldError]:
    """What is wrong with an address to come back to (RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §2.1)."""
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018 - reading it is the check
    except ValueError:
        return [FieldError("redirect_uris", "An address to come back to needs a host.")]
    if parts.scheme in {"javascript", "data", "file", "vbscript", "blob", "about", ""}:
        message = "An address to come back to needs a scheme such as https."
    elif parts.fragment or uri.endswith("#"):
        message = "An address to come back to must not have a part after #."
    elif parts.scheme in {"http", "https"} and not parts.hostname:
        message = "An address to come back to needs a host."
    elif parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        message = "An address to come back to must use https, except on this machine."
    elif any(character.isspace() or ord(character) < 0x21 or ord(character) > 0x7E for character in uri):
        message = "An address to come back to must not hold spaces or unusual characters."
    else:
        return []
    return [FieldError("redirect_uris", message)]


def _is_loopback(host: str) -> bool:
    return host in LOOPBACK or host.endswith(".localhost")
