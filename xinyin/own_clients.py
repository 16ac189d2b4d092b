"""The two clients that Xinyin itself is: its pages and its gateway. They are registered at the first start."""

from idp.oauth2.clients.client import ClientRegistration
from idp.oauth2.clients.service import ClientService
from idp.roles.scopes import ALL_SCOPES
from xinyin.settings import Settings

PAGES_CLIENT_ID = "xinyin-pages"
GATEWAY_CLIENT_ID = "xinyin-gateway"

PAGE_SCOPES = tuple(sorted(ALL_SCOPES))
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


async def ensure_registered(clients: ClientService, registration: ClientRegistration, secret: str) -> None:
    """Register a client of our own unless it is; its secret is derived, so that nothing has to be stored."""
    if await clients.find(registration.client_id) is None:
        await clients.create(registration, secret=secret)
