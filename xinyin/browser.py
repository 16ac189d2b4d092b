"""How our own pages and APIs know people: by tokens of the issuer, which here is this very process.

Calls to the issuer travel through ASGI in memory; with an issuer elsewhere they would go over the network, and nothing
else would change.
"""

from dataclasses import dataclass

import httpx

from idp.tokens.service import TokenService
from kernel.web.bearer import BearerAuthenticator, SenderKeys, TokenRules, TokenVerifier
from kernel.web.holders import HolderDirectory, userinfo_client
from kernel.web.relying_party.client import ClientRegistration, OidcClient
from kernel.web.relying_party.sessions import SessionStore
from kernel.web.sign_in import SignIn
from xinyin.foundation import Foundation
from xinyin.own_clients import PAGE_SCOPES, PAGES_CLIENT_ID


@dataclass(frozen=True)
class Browser:
    """Sign-in of pages, tokens of APIs, numbers of holders."""

    sign_in: SignIn
    bearer: BearerAuthenticator
    holders: HolderDirectory


def build_browser(
    foundation: Foundation, tokens: TokenService, keys: SenderKeys, transport: httpx.AsyncBaseTransport
) -> Browser:
    """`transport` leads to the issuer; `tokens` knows at once which of its tokens were taken back; `keys` checks those
    that are bound to a key of the sender."""
    settings = foundation.settings
    client = OidcClient(
        ClientRegistration(
            issuer=settings.public_url,
            client_id=PAGES_CLIENT_ID,
            client_secret=foundation.page_client_secret,
            redirect_uri=f"{settings.public_url}/session/callback",
            post_logout_redirect_uri=f"{settings.public_url}/",
            scopes=PAGE_SCOPES,
        ),
        transport=transport,
        clock=foundation.clock,
    )
    rules = TokenRules(settings.public_url, frozenset({settings.public_url}))
    verifier = TokenVerifier(client.jwks, rules, foundation.clock)
    bearer = BearerAuthenticator(verifier, is_revoked=tokens.is_revoked, keys=keys)
    sessions = SessionStore(foundation.ephemeral, foundation.envelope)
    return Browser(
        sign_in=SignIn(client, bearer, sessions, secure=settings.is_https, clock=foundation.clock),
        bearer=bearer,
        holders=HolderDirectory(userinfo_client(client.userinfo_endpoint, transport)),
    )
