"""Signing in on a device (RFC 8628): the device asks, a person sees who asks and answers, the device gets tokens."""

import pytest

from idp.clients.client import DEVICE_CODE, ClientRegistration
from tests.idp.browser import Browser
from tests.idp.conftest import ISSUER, Provider
from tests.idp.people import PASSWORD, enter_person, register_client, signed_in_browser


class Device:
    """A television."""

    def __init__(self, provider: Provider, client_id: str) -> None:
        self.http = provider.browser().client
        self.client_id = client_id
        self.begun: dict[str, object] = {}

    async def begin(self, scope: str = "openid profile") -> dict[str, object]:
        body = {"client_id": self.client_id, "scope": scope}
        self.begun = (await self.http.post("/oauth2/device_authorization", data=body)).json()
        return self.begun

    async def poll(self) -> dict[str, object]:
        body = {"grant_type": DEVICE_CODE, "client_id": self.client_id, "device_code": str(self.begun["device_code"])}
        answer: dict[str, object] = (await self.http.post("/oauth2/token", data=body)).json()
        return answer


@pytest.fixture
async def device(provider: Provider) -> Device:
    await enter_person(provider)
    registration = ClientRegistration(
        name="Hall screen", scopes=("openid", "profile"), grant_types=(DEVICE_CODE,), is_public=True
    )
    client, _secret = await provider.services.clients.create(registration)
    return Device(provider, client.client_id)


async def confirm(browser: Browser, device: Device, answer: str) -> str:
    page = await browser.get(str(device.begun["verification_uri_complete"]))
    page = await browser.submit(page, user_code=str(device.begun["user_code"]))
    assert "Hall screen" in page.text
    assert str(device.begun["user_code"]) in page.text
    return (await browser.submit(page, answer=answer)).text


async def test_the_whole_way(provider: Provider, device: Device) -> None:
    begun = await device.begin()
    assert begun["verification_uri"] == f"{ISSUER}/device"
    assert begun["interval"] == 5
    assert (await device.poll())["error"] == "authorization_pending"
    text = await confirm(await signed_in_browser(provider), device, "allow")
    assert "The device is signed in" in text
    tokens = await device.poll()
    assert set(tokens) == {"access_token", "token_type", "expires_in", "scope", "id_token"}
    assert (await device.poll())["error"] == "invalid_grant"


async def test_somebody_who_is_not_signed_in_comes_back_to_the_code(provider: Provider, device: Device) -> None:
    begun = await device.begin()
    browser = provider.browser()
    page = await browser.get(str(begun["verification_uri_complete"]))
    assert page.url.path == "/login"
    page = await browser.sign_in("ming", PASSWORD, page)
    assert str(begun["user_code"]) in page.text


async def test_a_no_reaches_the_device(provider: Provider, device: Device) -> None:
    await device.begin()
    await confirm(await signed_in_browser(provider), device, "refuse")
    assert (await device.poll())["error"] == "access_denied"


async def test_a_device_in_a_hurry_is_slowed_down(provider: Provider, device: Device) -> None:
    await device.begin()
    assert (await device.poll())["error"] == "authorization_pending"
    assert (await device.poll())["error"] == "slow_down"
    provider.clock.advance(seconds=6)
    assert (await device.poll())["error"] == "slow_down"
    provider.clock.advance(seconds=30)
    assert (await device.poll())["error"] == "authorization_pending"


async def test_an_expired_code_is_said_so(provider: Provider, device: Device) -> None:
    begun = await device.begin()
    provider.clock.advance(seconds=601)
    assert (await device.poll())["error"] == "expired_token"
    browser = await signed_in_browser(provider)
    page = await browser.submit(await browser.get("/device"), user_code=str(begun["user_code"]))
    assert page.status_code == 400


async def test_a_code_in_any_spelling_is_read(provider: Provider, device: Device) -> None:
    begun = await device.begin()
    browser = await signed_in_browser(provider)
    typed = str(begun["user_code"]).lower().replace("-", " ")
    assert "Hall screen" in (await browser.submit(await browser.get("/device"), user_code=typed)).text


async def test_guessing_is_stopped(provider: Provider, device: Device) -> None:
    browser = await signed_in_browser(provider)
    page = await browser.get("/device")
    statuses = [(await browser.submit(page, user_code="BBBB-BBBB")).status_code for _ in range(12)]
    assert statuses == [400] * 10 + [429] * 2


async def test_another_client_cannot_redeem_the_code(provider: Provider, device: Device) -> None:
    await device.begin()
    await confirm(await signed_in_browser(provider), device, "allow")
    other, _secret = await register_client(provider, is_public=True, grant_types=(DEVICE_CODE,))
    device.client_id, own = other.client_id, device.client_id
    assert (await device.poll())["error"] == "invalid_grant"
    device.client_id = own
    assert "access_token" in await device.poll()


async def test_a_client_without_the_grant_is_refused(provider: Provider) -> None:
    client, _secret = await register_client(provider, is_public=True)
    answer = await Device(provider, client.client_id).begin()
    assert answer["error"] == "unauthorized_client"


async def test_the_screen_shows_a_picture_of_the_address(provider: Provider, device: Device) -> None:
    begun = await device.begin()
    page = await provider.browser().get(f"/device/code?user_code={begun['user_code']}")
    assert '<svg class="qr"' in page.text
    assert str(begun["user_code"]) in page.text
    assert (await provider.browser().get("/device/code?user_code=x")).status_code == 404
