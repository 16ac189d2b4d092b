"""OAuth 2 and OpenID Connect endpoints, and the pages of signing in: plain routes, described by hand."""

from collections.abc import Mapping
from typing import Any

from idp.clients.client import GRANT_TYPES
from idp.clients.metadata import RESPONSE_MODES
from idp.oauth2.authorize.checks import PROMPTS
from xinyin.openapi.shapes import OBJECT, TEXT, Schema, json_answer, parameter, ref

FORM = "application/x-www-form-urlencoded"
CONNECT, PAGES = ["OpenID Connect"], ["sign-in pages"]
PAGE, REDIRECT = {"$ref": "#/components/responses/Page"}, {"$ref": "#/components/responses/Redirect"}
OAUTH_ERROR, CLIENT_REFUSED = (
    {"$ref": "#/components/responses/OAuthError"},
    {"$ref": "#/components/responses/ClientRefused"},
)
BEARER_REFUSED = {"$ref": "#/components/responses/BearerRefused"}
BY_CLIENT: list[Mapping[str, list[str]]] = [{"client_basic": []}, {}]
"""In the header; or in the body by `client_id` and `client_secret`, or by `client_id` alone for public clients."""

CREDENTIALS = {
    "client_id": {**TEXT, "description": "when the client does not authenticate in the header"},
    "client_secret": TEXT,
    "client_assertion": {**TEXT, "description": "private_key_jwt (RFC 7523); each counts once"},
    "client_assertion_type": {"const": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
}
AUTHORIZATION: Mapping[str, tuple[str, Schema]] = {
    "response_type": ("The code flow is the only one", {"const": "code"}),
    "client_id": ("", TEXT),
    "redirect_uri": ("One of the registered addresses, character by character; always required", TEXT),
    "scope": ("With openid an ID token is given", TEXT),
    "state": ("Comes back unchanged, at most 2048 characters", TEXT),
    "nonce": ("Goes into the ID token, at most 1024 characters", TEXT),
    "code_challenge": ("RFC 7636; required unless the client was registered without it", TEXT),
    "code_challenge_method": ("", {"const": "S256"}),
    "response_mode": ("query when left out", {"enum": list(RESPONSE_MODES)}),
    "prompt": (f"Of {', '.join(PROMPTS)}; none stands alone", TEXT),
    "max_age": ("Seconds since the last sign-in", {"type": "integer", "minimum": 0}),
    "acr_values": ("urn:xinyin:acr:l1 to l4; a wish", TEXT),
    "claims": ("OpenID Connect Core §5.5; an essential acr is a condition", TEXT),
    "request": ("A signed request object (RFC 9101); nothing beside it counts", TEXT),
    "request_uri": ("From the push endpoint, or a registered address of a request object", TEXT),
    "resource": ("RFC 8707; may repeat", TEXT),
    "dpop_jkt": ("RFC 9449 §10", TEXT),
    "login_hint": ("A user name", TEXT),
    "id_token_hint": ("An ID token of ours", TEXT),
    "ui_locales": ("", TEXT),
    "subject_type": ("Of our own: legal for somebody who acts under a mandate", {"enum": ["natural", "legal"]}),
}
_REQUIRED = ("response_type", "client_id", "redirect_uri")
_LOGOUT = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")


def form(properties: Mapping[str, Schema], required: list[str]) -> dict[str, Any]:
    """A form body; a name sent twice is refused (RFC 6749 §3.1)."""
    schema = {"type": "object", "properties": dict(properties), "required": required}
    return {"required": bool(required), "content": {FORM: {"schema": schema}}}


def operation(tags: list[str], summary: str, responses: Mapping[str, Schema], **rest: Any) -> dict[str, Any]:
    """One operation."""
    return {"tags": tags, "summary": summary, "responses": dict(responses), **rest}


def _query(names: Mapping[str, tuple[str, Schema]], required: tuple[str, ...] = ()) -> list[Schema]:
    return [
        parameter(name, "query", text, required=name in required, schema=schema)
        for name, (text, schema) in names.items()
    ]


def _read(summary: str) -> dict[str, Any]:
    return {"get": operation(CONNECT, summary, {"200": json_answer("May be kept for five minutes", OBJECT)})}


_AUTHORIZE_ANSWERS = {"200": PAGE, "303": REDIRECT, "400": PAGE}
_LOGOUT_ANSWERS = {"200": PAGE, "303": REDIRECT, "400": PAGE}
_CLAIMS = {
    "200": json_answer("By the scopes of the token", ref("Claims")),
    "401": BEARER_REFUSED,
    "403": BEARER_REFUSED,
}
_LOGIN_FORM = form(
    {
        "username": TEXT,
        "password": TEXT,
        "csrf_token": TEXT,
        "request": {**TEXT, "description": "the sign-in under way"},
    },
    ["username", "password", "csrf_token"],
)
_TOKEN_FORM = form(
    {
        "grant_type": {"enum": list(GRANT_TYPES)},
        "code": {**TEXT, "description": "authorization_code: counts once; a second use ends what the first one got"},
        "redirect_uri": {**TEXT, "description": "authorization_code: as in the authorization request"},
        "code_verifier": {**TEXT, "description": "authorization_code (RFC 7636)"},
        "refresh_token": {**TEXT, "description": "refresh_token: each use gives a new one"},
        "device_code": {**TEXT, "description": "device_code (RFC 8628)"},
        "subject_token": {**TEXT, "description": "token exchange (RFC 8693); actor_token likewise"},
        "subject_token_type": TEXT,
        "actor_token": TEXT,
        "actor_token_type": TEXT,
        "audience": {**TEXT, "description": "token exchange"},
        "resource": {**TEXT, "description": "RFC 8707: for whom the token is meant; may repeat"},
        "scope": {**TEXT, "description": "refresh_token, client_credentials: fewer than there could be"},
        **CREDENTIALS,
    },
    ["grant_type"],
)

IDENTITY_PATHS: Mapping[str, dict[str, Any]] = {
    "/.well-known/openid-configuration": _read("Discovery (OpenID Connect Discovery 1.0 §3)"),
    "/.well-known/oauth-authorization-server": _read("The same (RFC 8414)"),
    "/oauth2/jwks": _read("Keys that check our tokens (RFC 7517)"),
    "/oauth2/authorize": {
        "get": operation(
            CONNECT,
            "Send the person's browser here to sign in (RFC 6749 §3.1)",
            _AUTHORIZE_ANSWERS,
            description="Until client and redirect_uri are proven, errors are shown here; after, they are redirected.",
            parameters=_query(AUTHORIZATION, _REQUIRED),
        ),
        "post": operation(
            CONNECT,
            "The same by form",
            {"303": REDIRECT, "400": PAGE},
            requestBody=form({name: schema for name, (_, schema) in AUTHORIZATION.items()}, list(_REQUIRED)),
        ),
    },
    "/oauth2/token": {
        "post": operation(
            CONNECT,
            "Tokens for a code, a refresh token or the client itself (RFC 6749 §3.2)",
            {"200": json_answer("RFC 6749 §5.1", ref("Tokens")), "400": OAUTH_ERROR, "401": CLIENT_REFUSED},
            requestBody=_TOKEN_FORM,
            security=BY_CLIENT,
        )
    },
    "/oauth2/userinfo": {
        "get": operation(
            CONNECT, "Claims about the person (OpenID Connect Core §5.3)", _CLAIMS, security=[{"oauth2": ["openid"]}]
        ),
        "post": operation(
            CONNECT,
            "The same; the token may come in the form",
            _CLAIMS,
            requestBody=form({"access_token": TEXT}, []),
            security=[{"oauth2": ["openid"]}, {}],
        ),
    },
    "/oauth2/introspect": {
        "post": operation(
            CONNECT,
            "Does this token count? (RFC 7662)",
            {"200": json_answer("RFC 7662 §2.2", ref("Introspection")), "400": OAUTH_ERROR, "401": CLIENT_REFUSED},
            description="Agencies, verifiers, machines and first-party clients may ask about any access token, other "
            "clients about their own. Refresh tokens are told to their own client alone.",
            requestBody=form({"token": TEXT, "token_type_hint": TEXT, **CREDENTIALS}, ["token"]),
            security=BY_CLIENT,
        )
    },
    "/oauth2/revoke": {
        "post": operation(
            CONNECT,
            "Take a token back (RFC 7009); a refresh token takes its family along",
            {
                "200": json_answer("Done, also when there was nothing to do", OBJECT),
                "400": OAUTH_ERROR,
                "401": CLIENT_REFUSED,
            },
            requestBody=form({"token": TEXT, "token_type_hint": TEXT, **CREDENTIALS}, ["token"]),
            security=BY_CLIENT,
        )
    },
    "/oauth2/logout": {
        "get": operation(
            CONNECT,
            "Sign the person out (OpenID Connect RP-Initiated Logout 1.0)",
            _LOGOUT_ANSWERS,
            parameters=[parameter(name, "query", "") for name in _LOGOUT],
        ),
        "post": operation(
            CONNECT, "The same by form", _LOGOUT_ANSWERS, requestBody=form(dict.fromkeys(_LOGOUT, TEXT), [])
        ),
    },
    "/login": {
        "get": operation(PAGES, "The sign-in page", {"200": PAGE, "303": REDIRECT}),
        "post": operation(
            PAGES,
            "User name and password",
            {"303": REDIRECT, "400": PAGE, "403": PAGE, "429": PAGE},
            requestBody=_LOGIN_FORM,
        ),
    },
    "/login/{provider}": {
        "get": operation(
            PAGES,
            "Off to WeChat, QQ or Alipay",
            {"303": REDIRECT, "403": PAGE, "404": PAGE},
            parameters=[
                parameter("provider", "path", "One that is set up", schema={"enum": ["wechat", "qq", "alipay"]})
            ],
        )
    },
    "/login/{provider}/callback": {
        "get": operation(
            PAGES,
            "Where the provider sends the person back",
            {"303": REDIRECT, "403": PAGE, "404": PAGE, "409": PAGE, "410": PAGE, "503": PAGE},
            parameters=[
                parameter("provider", "path", "", schema={"enum": ["wechat", "qq", "alipay"]}),
                parameter("state", "query", "", required=True),
                parameter("code", "query", "auth_code with Alipay; none when the person refused"),
            ],
        )
    },
    "/logout": {
        "get": operation(PAGES, "Asks whether to sign out", {"200": PAGE, "303": REDIRECT}),
        "post": operation(
            PAGES, "Signs out", {"303": REDIRECT, "403": PAGE}, requestBody=form({"csrf_token": TEXT}, ["csrf_token"])
        ),
    },
    "/account": {"get": operation(PAGES, "The person's own account", {"200": PAGE, "303": REDIRECT})},
}
