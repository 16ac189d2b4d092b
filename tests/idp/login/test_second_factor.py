"""The second factor of those whose role needs one."""

import re
from datetime import timedelta

import pyotp

from tests.idp.browser import hidden_fields
from tests.idp.conftest import Provider
from tests.idp.people import PASSWORD, TOTP_SECRET, code_now, enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty


async def test_an_officer_is_asked_for_a_code_and_then_signed_in(provider: Provider) -> None:
    await enter_person(provider, "officer", "officer")
    browser = provider.browser()
    page = await browser.sign_in("officer", PASSWORD)
    assert page.url.path == "/login/otp"
    assert "__Host-xinyin_session" not in browser.client.cookies
    assert (await browser.submit(page, code=code_now(provider))).url.path == "/"
    assert (await browser.get("/account")).url.path == "/account"


async def test_an_account_without_the_factor_sets_it_up_at_the_first_sign_in(provider: Provider) -> None:
    await provider.services.persons.create("admin", PASSWORD, "管理员", ["system_admin"])
    browser = provider.browser()
    page = await browser.sign_in("admin", PASSWORD)
    secret = re.search(r'data-copy="([A-Z2-7]+)"', page.text)
    assert secret is not None
    again = await browser.get(str(page.url))
    assert secret.group(1) in again.text
    wrong = await browser.submit(page, code="000000")
    assert wrong.status_code == 400
    assert (await browser.submit(page, code=pyotp.TOTP(secret.group(1)).at(provider.clock()))).url.path == "/"


async def test_a_code_counts_once(provider: Provider) -> None:
    await enter_person(provider, "officer", "officer")
    code = code_now(provider)
    first, second = provider.browser(), provider.browser()
    assert (await first.submit(await first.sign_in("officer", PASSWORD), code=code)).url.path == "/"
    replayed = await second.submit(await second.sign_in("officer", PASSWORD), code=code)
    assert replayed.status_code == 400
    assert "This code is not right, or was used before." in replayed.text
    provider.clock.advance(seconds=30)
    assert (await second.submit(replayed, code=code_now(provider))).url.path == "/"


async def test_the_code_that_enrolled_the_factor_cannot_sign_in_again(provider: Provider) -> None:
    await provider.services.persons.create("admin", PASSWORD, "管理员", ["system_admin"])
    browser, other = provider.browser(), provider.browser()
    page = await browser.sign_in("admin", PASSWORD)
    secret = re.findall(r'data-copy="([A-Z2-7]+)"', page.text)[0]
    code = pyotp.TOTP(secret).at(provider.clock())
    await browser.submit(page, code=code)
    assert (await other.submit(await other.sign_in("admin", PASSWORD), code=code)).status_code == 400


async def test_one_step_of_slack_either_way_and_no_more(provider: Provider) -> None:
    await enter_person(provider, "officer", "officer")
    totp, browser = pyotp.TOTP(TOTP_SECRET), provider.browser()
    page = await browser.sign_in("officer", PASSWORD)
    for steps in (-2, 2):
        stale = totp.at(provider.clock() + timedelta(seconds=30 * steps))
        assert (await browser.submit(page, code=stale)).status_code == 400
    late = totp.at(provider.clock() - timedelta(seconds=30))
    assert (await browser.submit(page, code=late)).url.path == "/"


async def test_guessing_codes_ends_after_five(provider: Provider) -> None:
    await enter_person(provider, "officer", "officer")
    browser = provider.browser()
    page = await browser.sign_in("officer", PASSWORD)
    for _ in range(5):
        assert (await browser.submit(page, code="000000")).status_code == 400
    refused = await browser.submit(page, code=code_now(provider))
    assert refused.status_code == 429
    assert "retry-after" in refused.headers


async def test_nobody_skips_the_code_by_going_on(provider: Provider) -> None:
    await enter_person(provider, "officer", "officer")
    browser = provider.browser()
    page = await browser.sign_in("officer", PASSWORD)
    request_id = str(page.url).partition("request=")[2]
    for path in ("/login/continue", "/login/consent", "/login"):
        assert (await browser.get(f"{path}?request={request_id}")).url.path == "/login/otp"
    assert (await browser.get("/account")).url.path == "/login"


async def test_a_role_given_later_asks_for_the_factor_before_it_counts(provider: Provider) -> None:
    person_id = await enter_person(provider)
    browser = await signed_in_browser(provider)
    client, secret = await register_client(provider, scopes=("openid", "licence:issue"))
    await provider.services.roles.assign(person_id, ["officer"])
    party = RelyingParty(provider, client, secret)
    page = await browser.get(party.authorization_address("openid licence:issue"))
    assert page.url.path == "/login/otp"


async def test_nobody_is_given_a_factor_in_passing(provider: Provider) -> None:
    person_id = await enter_person(provider)
    browser = provider.browser()
    page = await browser.get("/login")
    fields = hidden_fields(page.text)
    assert (await browser.sign_in("ming", PASSWORD, page)).url.path == "/"
    signed_in = await browser.get("/login?again=yes")
    for form in (hidden_fields(signed_in.text), fields):
        await browser.client.post("/login/otp", data={**form, "code": "000000"})
    assert not await provider.services.totp.is_enrolled(person_id)
    stored = [name for name in provider.services.ephemeral._entries if name.startswith("totp-proposal:")]  # type: ignore[attr-defined]
    assert stored == []


async def test_a_lost_factor_is_taken_away_and_the_next_sign_in_enrols_another(provider: Provider) -> None:
    officer = await enter_person(provider, "officer", "officer")
    assert await provider.services.totp.forget(officer)
    assert not await provider.services.totp.forget(officer)
    page = await provider.browser().sign_in("officer", PASSWORD)
    secret = re.search(r'data-copy="([A-Z2-7]+)"', page.text)
    assert secret is not None
    assert secret.group(1) != TOTP_SECRET
