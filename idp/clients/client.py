"""A registered application."""

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from idp.roles.scopes import ALL_SCOPES
from kernel.errors import FieldError, InvalidInput

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials")


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


@dataclass(frozen=True)
class Client:
    """A client as the endpoints see it. `secret_hash` is None for public clients."""

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

    @property
    def is_public(self) -> bool:
        """Whether the client cannot keep a secret (RFC 6749 §2.1)."""
        return self.secret_hash is None

    @property
    def must_use_pkce(self) -> bool:
        """Whether every authorization request needs a challenge."""
        return self.is_public or self.requires_pkce

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
    for uri in (*registration.redirect_uris, *registration.post_logout_redirect_uris):
        errors += check_redirect_uri(uri)
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
    if registration.is_public and "client_credentials" in registration.grant_types:
        errors.append(FieldError("grant_types", "An application without a secret cannot act for itself."))
    if errors:
        raise InvalidInput("The application cannot be registered like this.", fields=errors)


def check_redirect_uri(uri: str) -> list[FieldError]:
    """What is wrong with an address to come back to (RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §2.1)."""
    parts = urlsplit(uri)
    if parts.scheme in {"javascript", "data", "file", ""}:
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
