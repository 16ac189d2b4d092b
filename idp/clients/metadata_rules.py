"""Which metadata can be, as a table of named rules. Pure. Each complaint names its member (RFC 7591 §3.2.2)."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from idp.clients.metadata import (
    AUTH_METHODS,
    CERTIFICATE_METHODS,
    FAPI2,
    KEY_METHODS,
    RESPONSE_MODES,
    ClientMetadata,
)
from kernel.crypto.jose import JwkSet
from kernel.errors import FieldError, InvalidInput

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
TLS_NAMES = (
    "tls_client_auth_subject_dn", "tls_client_auth_san_dns", "tls_client_auth_san_uri", "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
)  # fmt: skip
FETCHED = ("jwks_uri", "sector_identifier_uri", "backchannel_logout_uri")
SHOWN = (
    "client_uri", "logo_uri", "policy_uri", "tos_uri", "initiate_login_uri", "frontchannel_logout_uri",
)  # fmt: skip

Complaints = Iterator[FieldError]


def check_auth_method(metadata: ClientMetadata) -> Complaints:
    """RFC 7591 §2, RFC 8705 §2; secrets are kept as hashes, so client_secret_jwt cannot be."""
    method = metadata.token_endpoint_auth_method
    if method not in {None, *AUTH_METHODS}:
        yield FieldError(
            "token_endpoint_auth_method",
            "The ways for a client to authenticate are {names}.",
            {"names": ", ".join(AUTH_METHODS)},
        )
    if method in (*KEY_METHODS, "self_signed_tls_client_auth") and not metadata.has_keys:
        yield FieldError("jwks", "Give the client's public keys, as jwks or jwks_uri.")
    if method == "tls_client_auth" and sum(getattr(metadata, name) is not None for name in TLS_NAMES) != 1:
        yield FieldError("tls_client_auth_subject_dn", "Name the certificate's subject in exactly one way.")


def check_keys(metadata: ClientMetadata) -> Complaints:
    """RFC 7591 §2: one of both; public keys only."""
    if metadata.jwks is not None and metadata.jwks_uri is not None:
        yield FieldError("jwks", "Give jwks or jwks_uri, not both.")
    if metadata.jwks is None:
        return
    try:
        keys = JwkSet.load(metadata.jwks).document()["keys"]
    except InvalidInput:
        yield FieldError("jwks", "This is not a JSON Web Key Set.")
        return
    if not keys:
        yield FieldError("jwks", "None of these keys can be used to check signatures.")
    if any(isinstance(key, dict) and ("d" in key or "k" in key) for key in metadata.jwks["keys"]):
        yield FieldError("jwks", "These are private keys. Send the public ones, and replace these.")


def check_algorithms(metadata: ClientMetadata) -> Complaints:
    """Signing algorithms that we have; none is never one of them."""
    accepted = metadata.accepted_algorithms
    for name in (
        "id_token_signed_response_alg", "userinfo_signed_response_alg", "request_object_signing_alg",
        "token_endpoint_auth_signing_alg",
    ):  # fmt: skip
        if getattr(metadata, name) not in {None, *accepted}:
            yield FieldError(name, "The signing algorithms are {names}.", {"names": ", ".join(accepted)})


def check_addresses(metadata: ClientMetadata) -> Complaints:
    """https, except on this machine; without a fragment."""
    for name in (*FETCHED, *SHOWN):
        address = getattr(metadata, name)
        if address is not None and not is_web_address(address):
            yield FieldError(name, "This is not an https address without a part after #.")
    for address in metadata.request_uris:
        if not is_web_address(address.partition("#")[0]):
            yield FieldError("request_uris", "This is not an https address without a part after #.")


def check_subject_type(metadata: ClientMetadata) -> Complaints:
    """OpenID Connect Core §8."""
    if metadata.subject_type not in {"public", "pairwise"}:
        yield FieldError("subject_type", "The subject type is public or pairwise.")


def check_response_modes(metadata: ClientMetadata) -> Complaints:
    """OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode."""
    if set(metadata.response_modes) - set(RESPONSE_MODES):
        yield FieldError("response_modes", "The response modes are {names}.", {"names": ", ".join(RESPONSE_MODES)})


def check_kinds(metadata: ClientMetadata) -> Complaints:
    """Members with a few possible values."""
    if metadata.application_type not in {"web", "native"}:
        yield FieldError("application_type", "The application type is web or native.")
    if metadata.access_token_format not in {"jwt", "opaque"}:
        yield FieldError("access_token_format", "The format of access tokens is jwt or opaque.")
    if set(metadata.token_exchange_modes) - {"impersonation", "delegation"}:
        yield FieldError("token_exchange_modes", "Tokens are exchanged for impersonation or delegation.")
    if metadata.dpop_bound_access_tokens and metadata.tls_client_certificate_bound_access_tokens:
        yield FieldError("dpop_bound_access_tokens", "Tokens are bound to a DPoP key or to a certificate, not to both.")
    for resource in metadata.resources:
        if not _is_absolute(resource):
            yield FieldError("resources", "A resource is an absolute address without a part after #.")


def check_fapi2(metadata: ClientMetadata) -> Complaints:
    """FAPI 2.0 Security Profile §5.3.2.1: asymmetric client authentication, sender-constrained tokens."""
    if metadata.security_profile not in {None, FAPI2}:
        yield FieldError("security_profile", "The security profile is {name}.", {"name": FAPI2})
    if not metadata.is_fapi2:
        return
    if metadata.token_endpoint_auth_method not in (*KEY_METHODS, *CERTIFICATE_METHODS):
        yield FieldError(
            "token_endpoint_auth_method", "FAPI 2.0 asks for private_key_jwt, tls_client_auth or "
            "self_signed_tls_client_auth.",
        )  # fmt: skip
    if not (metadata.dpop_bound_access_tokens or metadata.tls_client_certificate_bound_access_tokens):
        yield FieldError("dpop_bound_access_tokens", "FAPI 2.0 asks for tokens bound to a DPoP key or a certificate.")


RULES: tuple[Callable[[ClientMetadata], Complaints], ...] = (
    check_auth_method,
    check_keys,
    check_algorithms,
    check_addresses,
    check_subject_type,
    check_response_modes,
    check_kinds,
    check_fapi2,
)


def check_metadata(metadata: ClientMetadata) -> list[FieldError]:
    """What is wrong, in the order of the rules."""
    return [complaint for rule in RULES for complaint in rule(metadata)]


def _is_absolute(resource: str) -> bool:
    try:
        parts = urlsplit(resource)
    except ValueError:
        return False
    return bool(parts.scheme) and not parts.fragment


def is_web_address(address: str) -> bool:
    """Whether this is an https address (http on this machine) with a host and without a fragment."""
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    printable = all("!" <= character <= "~" for character in address)
    local = host in LOOPBACK or host.endswith(".localhost")
    safe = parts.scheme == "https" or (parts.scheme == "http" and local)
    return bool(host) and printable and safe and "#" not in address and parts.username is None
