"""The two clients that Xinyin itself is: its pages and its gateway.

Every start registers them anew, since their addresses are settings and their secrets come from the master key.
"""

from idp.clients.client import ClientRegistration
from idp.roles.scopes import ALL_SCOPES, PROGRAM_SCOPES
from xinyin.settings import Settings

PAGES_CLIENT_ID = "xinyin-pages"
GATEWAY_CLIENT_ID = "xinyin-gateway"

PAGE_SCOPES = tuple(sorted(ALL_SCOPES - PROGRAM_SCOPES))
GATEWAY_SCOPES = ("openid", "profile")
GATEWAY_CALLBACK = "/.xinyin/callback"


def pages_registration(settings: Settings) -> ClientRegistration:
    """Our pages: first party, so that nobody is asked for consent to use the site that they are on."""
    return ClientRegistration(
        name="信印",
        client_id=PAGES_CLIENT_ID,
        redirect_uris=(f"{settings.public_url}/session/callback",),
        post_logout_redirect_uris=(f"{settings.public_url}/",),
        scopes=PAGE_SCOPES,
        grant_types=("authorization_code", "refresh_token"),
        first_party=True,
        may_realname=True,
    )


def gateway_registration(settings: Settings) -> ClientRegistration:
    """The gateway: signs people in on its own host and learns who they are, not their numbers."""
    return ClientRegistration(
        name="信印网关",
        client_id=GATEWAY_CLIENT_ID,
        redirect_uris=(f"{settings.gateway_url}{GATEWAY_CALLBACK}",),
        scopes=GATEWAY_SCOPES,
        grant_types=("authorization_code",),
        first_party=True,
    )
