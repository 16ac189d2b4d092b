"""The account page, and what is forgotten when it is over."""

from datetime import timedelta

from idp.keys import TokenKeys
from kernel.crypto.custody.files import FileKeyStore
from tests.idp.browser import hidden_fields
from tests.idp.conftest import MASTER_KEY, Provider
from tests.idp.people import enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty


async def test_a_language_chosen_is_spoken_and_told_to_applications(provider: Provider) -> None:
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    form = {"csrf_token": hidden_fields((await browser.get("/account")).text)["csrf_token"], "locale": "en"}
    browser.client.headers["Accept-Language"] = "zh-CN"
    assert "Where you are signed in" in (await browser.post("/account/language", form)).text
    party = RelyingParty(provider, *await register_client(provider))
    tokens = await party.tokens(browser)
    assert (await party.userinfo(tokens["access_token"])).json()["locale"] == "en"
    assert (await browser.post("/account/language", {**form, "locale": "xx"})).status_code == 400


async def test_what_ended_a_month_ago_is_forgotten_and_what_counts_is_kept(provider: Provider) -> None:
    await enter_person(provider)
    party = RelyingParty(provider, *await register_client(provider))
    tokens = await party.tokens(await signed_in_browser(provider), "openid offline_access")
    provider.clock.now += timedelta(days=29)
    assert await provider.services.purge() == 0
    assert (await party.refresh(tokens["refresh_token"])).status_code == 200
    provider.clock.now += timedelta(days=32)
    # One family, its two refresh tokens, one session.
    assert await provider.services.purge() == 4


async def test_a_rotation_elsewhere_is_noticed_within_a_second(provider: Provider, tmp_path) -> None:
    moment = [0.0]
    store = FileKeyStore(tmp_path / "keys", MASTER_KEY)
    here, there = TokenKeys(store, monotonic=lambda: moment[0]), TokenKeys(store)
    await here.load()
    await there.load()
    token = there.sign({"sub": "x"}, "JWT") if await there.rotate() else ""
    await here.keep_fresh()
    assert here.find_claims(token, "JWT") is None
    moment[0] = 1.0
    await here.keep_fresh()
    assert here.find_claims(token, "JWT") == {"sub": "x"}
    assert here.jwks() == there.jwks()
