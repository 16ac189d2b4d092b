"""People and clients that tests need."""

import pyotp

from idp.clients.client import Client, ClientRegistration
from tests.idp.browser import Browser
from tests.idp.conftest import Provider

PASSWORD = "correct horse battery"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CALLBACK = "https://rp.test/callback"


async def enter_person(provider: Provider, username: str = "ming", *roles: str) -> str:
    """A person with a password; those whose role needs one get the second factor `TOTP_SECRET`."""
    person = await provider.services.persons.create(username, PASSWORD, "小明", roles)
    if set(roles) - {"citizen", "verifier"}:
        await provider.services.totp.enrol(person.id, TOTP_SECRET)
    return person.id


def code_now(provider: Provider) -> str:
    """What the authenticator app shows."""
    return pyotp.TOTP(TOTP_SECRET).at(provider.clock())


async def signed_in_browser(provider: Provider, username: str = "ming") -> Browser:
    """A browser in which this person is signed in, with a second factor where one is asked for."""
    browser = provider.browser()
    page = await browser.sign_in(username, PASSWORD)
    if page.url.path == "/login/otp":
        await browser.submit(page, code=code_now(provider))
    return browser


async def register_client(provider: Provider, **changes: object) -> tuple[Client, str]:
    """A first-party web client with every identity scope, unless the test says otherwise."""
    values: dict[str, object] = {
        "name": "Licence hall",
        "redirect_uris": (CALLBACK,),
        "post_logout_redirect_uris": ("https://rp.test/bye",),
        "scopes": ("openid", "profile", "phone", "email", "realname", "organisation", "offline_access"),
        "grant_types": ("authorization_code", "refresh_token"),
        "first_party": True,
    }
    registration = ClientRegistration(**{**values, **changes})  # type: ignore[arg-type]
    client, secret = await provider.services.clients.create(registration)
    return client, secret or ""
