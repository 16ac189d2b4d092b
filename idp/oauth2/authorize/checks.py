"""The rules for authorization requests, in order. Pure.

A check raises `OAuthError`. Up to and including `check_redirect_uri`, errors are shown to the person and never
redirected: the address they would go to is not proven to be the client's.
"""

import re
from collections.abc import Callable

from idp.claims.requested import read_requested_claims
from idp.clients.metadata import RESPONSE_MODES
from idp.oauth2.authorize.request import Attempt
from idp.oauth2.errors import OAuthError, invalid_request
from idp.oauth2.pkce import METHOD, is_challenge
from idp.roles.scopes import ALL_SCOPES
from kernel.errors import InvalidInput

_JKT = re.compile(r"[A-Za-z0-9_-]{43}")
PROMPTS = ("none", "login", "consent", "select_account")

Check = Callable[[Attempt], None]


def reject_duplicate_parameters(attempt: Attempt) -> None:
    """RFC 6749 §3.1: parameters are not sent more than once."""
    attempt.parameters.refuse_duplicates()


def check_client(attempt: Attempt) -> None:
    """RFC 6749 §4.1.2.1: an unknown client is not answered by redirect."""
    attempt.parameters.require("client_id")
    if attempt.client is None:
        raise invalid_request("There is no client with this client_id.")


def check_redirect_uri(attempt: Attempt) -> None:
    """RFC 9700 §2.1: the address is one of the registered ones, character by character."""
    redirect_uri = attempt.parameters.require("redirect_uri")
    if redirect_uri not in attempt.known_client.redirect_uris:
        raise invalid_request("The redirect_uri is not registered for this client.")


def check_response_mode(attempt: Attempt) -> None:
    """OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode §2."""
    mode = attempt.parameters.get("response_mode")
    if mode not in {None, *RESPONSE_MODES}:
        raise _refuse("invalid_request", "The response_mode is query, fragment or form_post.")
    if mode is not None and mode not in (attempt.known_client.metadata.response_modes or RESPONSE_MODES):
        raise _refuse("invalid_request", "This client does not use this response_mode.")


def reject_registration(attempt: Attempt) -> None:
    """OpenID Connect Core §7.2.1: not supported, and said so."""
    if attempt.parameters.get("registration") is not None:
        raise _refuse("registration_not_supported", "The parameter 'registration' is not supported.")


def check_subject_type(attempt: Attempt) -> None:
    """Our own parameter `subject_type`: for themselves, or for an organisation under a mandate."""
    if attempt.parameters.get("subject_type") not in {None, "natural", "legal"}:
        raise _refuse("invalid_request", "The subject_type is natural or legal.")


def check_way(attempt: Attempt) -> None:
    """RFC 9126 §6, RFC 9101 §10.5, FAPI 2.0 §5.3.2.2: clients that push or sign their requests do so always."""
    metadata = attempt.known_client.metadata
    if metadata.must_push and not attempt.is_pushed:
        raise _refuse("invalid_request", "This client pushes its requests (RFC 9126).")
    if metadata.require_signed_request_object and not attempt.is_signed:
        raise _refuse("invalid_request_object", "This client signs its requests (RFC 9101).")


def check_grant_allowed(attempt: Attempt) -> None:
    """RFC 6749 §4.1.2.1 `unauthorized_client`."""
    if "authorization_code" not in attempt.known_client.grant_types:
        raise _refuse("unauthorized_client", "This client may not use the authorization code grant.")


def check_response_type(attempt: Attempt) -> None:
    """RFC 6749 §3.1.1; the code flow is the only one (RFC 9700 §2.1.2)."""
    response_type = attempt.parameters.get("response_type")
    if response_type is None:
        raise _refuse("invalid_request", "The parameter 'response_type' is missing.")
    if response_type != "code":
        raise _refuse("unsupported_response_type", "The response_type is code.")


def check_scope(attempt: Attempt) -> None:
    """RFC 6749 §3.3. Scopes we do not know are passed over (OpenID Connect Core §3.1.2.1); none left is an error."""
    allowed = attempt.known_client.allowed_scopes & ALL_SCOPES
    if attempt.scopes and not allowed.intersection(attempt.scopes):
        raise _refuse("invalid_scope", "None of the requested scopes may be given to this client.")


def check_pkce(attempt: Attempt) -> None:
    """RFC 7636 §4.3 and RFC 9700 §2.1.1: S256 only, and required unless the client was registered without it."""
    challenge = attempt.parameters.get("code_challenge")
    method = attempt.parameters.get("code_challenge_method")
    if challenge is None:
        if method is not None or attempt.known_client.must_use_pkce:
            raise _refuse("invalid_request", "The parameter 'code_challenge' is missing.")
        return
    if method != METHOD:
        raise _refuse("invalid_request", "The code_challenge_method is S256.")
    if not is_challenge(challenge):
        raise _refuse("invalid_request", "The code_challenge is not an S256 challenge.")


def check_prompt(attempt: Attempt) -> None:
    """OpenID Connect Core §3.1.2.1: `none` stands alone."""
    if attempt.prompts - set(PROMPTS):
        raise _refuse("invalid_request", "The prompt is none, login, consent or select_account.")
    if "none" in attempt.prompts and len(attempt.prompts) > 1:
        raise _refuse("invalid_request", "The prompt none stands alone.")


def check_max_age(attempt: Attempt) -> None:
    """OpenID Connect Core §3.1.2.1: seconds."""
    value = attempt.parameters.get("max_age")
    if value is not None and not (value.isascii() and value.isdigit() and len(value) <= 10):
        raise _refuse("invalid_request", "The max_age is a number of seconds.")


def check_claims(attempt: Attempt) -> None:
    """OpenID Connect Core §5.5."""
    try:
        read_requested_claims(attempt.parameters.get("claims") or "{}")
    except InvalidInput as error:
        raise _refuse("invalid_request", error.text) from error


def check_key(attempt: Attempt) -> None:
    """RFC 9449 §10: `dpop_jkt` is a thumbprint."""
    jkt = attempt.parameters.get("dpop_jkt")
    if jkt is not None and _JKT.fullmatch(jkt) is None:
        raise _refuse("invalid_request", "The dpop_jkt is not a thumbprint.")


def check_lengths(attempt: Attempt) -> None:
    """What we keep and give back has an end."""
    for name, longest in (("state", 2048), ("nonce", 1024), ("login_hint", 256), ("ui_locales", 256)):
        if len(attempt.parameters.get(name) or "") > longest:
            raise _refuse("invalid_request", f"The parameter '{name}' is longer than {longest} characters.")


SHOWN_CHECKS: tuple[Check, ...] = (
    reject_duplicate_parameters,
    check_client,
    check_redirect_uri,
)
"""Before the redirect URI is proven."""

REDIRECTED_CHECKS: tuple[Check, ...] = (
    check_response_mode,
    check_lengths,
    check_way,
    reject_registration,
    check_response_type,
    check_grant_allowed,
    check_scope,
    check_pkce,
    check_prompt,
    check_max_age,
    check_claims,
    check_subject_type,
    check_key,
)

CHECKS: tuple[Check, ...] = SHOWN_CHECKS + REDIRECTED_CHECKS


def _refuse(error: str, description: str) -> OAuthError:
    return OAuthError(error, description, redirectable=True)
