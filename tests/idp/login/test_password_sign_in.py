"""Signing in by user name and password."""

from sqlalchemy import select

from kernel.audit.records import AuditEventRow
from tests.idp.browser import hidden_fields
from tests.idp.conftest import Provider
from tests.idp.people import PASSWORD, enter_person, signed_in_browser


async def actions(provider: Provider) -> list[tuple[str, str]]:
    async with provider.database.reading() as session:
        rows = await session.execute(
            select(AuditEventRow.action, AuditEventRow.outcome).order_by(AuditEventRow.sequence)
        )
        return [(action, outcome) for action, outcome in rows]


async def test_a_direct_sign_in_ends_at_the_home_page_with_a_session(provider: Provider) -> None:
    await enter_person(provider)
    browser = provider.browser()
    end = await browser.sign_in("ming", PASSWORD)
    assert end.url.path == "/"
    assert (await browser.get("/account")).url.path == "/account"
    assert (await actions(provider))[-1] == ("idp.login", "success")


async def test_the_three_fields_of_the_contract_are_enough(provider: Provider) -> None:
    await enter_person(provider)
    browser = provider.browser()
    token = hidden_fields((await browser.get("/login")).text)["csrf_token"]
    end = await browser.post("/login", {"username": "ming", "password": PASSWORD, "csrf_token": token})
    assert end.url.path == "/"


async def test_a_user_name_has_no_case_or_width(provider: Provider) -> None:
    await enter_person(provider, "Ming")
    assert (await provider.browser().sign_in(" ＭING ", PASSWORD)).url.path == "/"


async def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(provider: Provider) -> None:
    await enter_person(provider)
    wrong = await provider.browser().sign_in("ming", "not the password")
    unknown = await provider.browser().sign_in("nobody", "not the password")
    message = "The user name or password is not right."
    assert wrong.status_code == unknown.status_code == 400
    assert message in wrong.text
    assert message in unknown.text
    assert (await actions(provider))[-2:] == [("idp.login", "refused"), ("idp.login", "refused")]


async def test_what_was_typed_wrong_is_never_shown_or_kept(provider: Provider) -> None:
    await enter_person(provider)
    page = await provider.browser().sign_in("ming", "my other password")
    assert "my other password" not in page.text


async def test_empty_fields_are_named_next_to_them(provider: Provider) -> None:
    page = await provider.browser().sign_in("", "")
    assert 'id="error-username"' in page.text
    assert 'id="error-password"' in page.text


async def test_a_disabled_person_is_kept_out_and_signed_out(provider: Provider) -> None:
    person_id = await enter_person(provider)
    browser = await signed_in_browser(provider)
    await provider.services.persons.disable(person_id)
    assert (await browser.get("/account")).url.path == "/login"
    refused = await provider.browser().sign_in("ming", PASSWORD)
    assert refused.status_code == 403
    assert "This account is closed." in refused.text


async def test_a_new_password_ends_sessions_from_before(provider: Provider) -> None:
    person_id = await enter_person(provider)
    browser = await signed_in_browser(provider)
    provider.clock.advance(seconds=1)
    await provider.services.persons.set_password(person_id, "an entirely new one")
    assert (await browser.get("/account")).url.path == "/login"
    assert (await provider.browser().sign_in("ming", "an entirely new one")).url.path == "/"


async def test_the_sixth_attempt_waits_and_says_how_long(provider: Provider) -> None:
    await enter_person(provider)
    browser = provider.browser()
    for _ in range(5):
        assert (await browser.sign_in("ming", "guess")).status_code == 400
    locked = await browser.sign_in("ming", PASSWORD)
    assert locked.status_code == 429
    assert 0 < int(locked.headers["retry-after"]) <= 900
    assert "Too many attempts. Wait" in locked.text
    provider.clock.advance(seconds=int(locked.headers["retry-after"]))
    assert (await browser.sign_in("ming", PASSWORD)).url.path == "/"


async def test_a_stranger_elsewhere_does_not_lock_somebody_out(provider: Provider) -> None:
    await enter_person(provider)
    for _ in range(6):
        await provider.browser(address="10.0.0.9").sign_in("ming", "guess")
    assert (await provider.browser(address="10.0.0.1").sign_in("ming", PASSWORD)).url.path == "/"


async def test_a_form_without_its_token_is_refused(provider: Provider) -> None:
    await enter_person(provider)
    browser = provider.browser()
    await browser.get("/login")
    refused = await browser.post("/login", {"username": "ming", "password": PASSWORD})
    assert refused.status_code == 403
    assert "__Host-xinyin_session" not in browser.client.cookies


async def test_a_form_from_another_site_is_refused(provider: Provider) -> None:
    await enter_person(provider)
    browser = provider.browser()
    token = hidden_fields((await browser.get("/login")).text)["csrf_token"]
    form = {"username": "ming", "password": PASSWORD, "csrf_token": token}
    refused = await browser.post("/login", form, headers={"Origin": "https://evil.test"})
    assert refused.status_code == 403


async def test_nobody_is_led_to_a_foreign_address(provider: Provider) -> None:
    await enter_person(provider)
    browser = provider.browser()
    page = await browser.get("/login?next=https://evil.test/")
    assert (await browser.sign_in("ming", PASSWORD, page)).url.path == "/"


async def test_a_sign_in_that_took_too_long_begins_anew(provider: Provider) -> None:
    await enter_person(provider)
    browser = provider.browser()
    page = await browser.get("/login?next=/account")
    request_id = hidden_fields(page.text)["request"]
    provider.clock.advance(minutes=31)
    over = await browser.get(f"/login?request={request_id}")
    assert "This sign-in took too long" in over.text
    assert (await browser.sign_in("ming", PASSWORD, over)).url.path == "/"


async def test_one_customers_many_ipv6_addresses_count_as_one(provider: Provider) -> None:
    await enter_person(provider)
    for number in range(5):
        await provider.browser(address=f"2001:db8:1:2::{number + 1}").sign_in("ming", "guess")
    refused = await provider.browser(address="2001:db8:1:2:ffff::9").sign_in("ming", PASSWORD)
    assert refused.status_code == 429
    assert (await provider.browser(address="2001:db8:1:3::1").sign_in("ming", PASSWORD)).url.path == "/"
