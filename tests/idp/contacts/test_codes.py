"""Signing in by a code; and everything a code must not do."""

import asyncio

import httpx
import pytest

from idp.contacts.address import parse_address
from kernel.errors import Conflict
from tests.idp.browser import Browser, hidden_fields
from tests.idp.conftest import Provider, run_provider
from tests.idp.contacts.conftest import Post
from tests.idp.people import enter_person, signed_in_browser

PHONE, TYPED, MAIL = "+8613900000001", "13900000001", "ming@example.com"
CONTACTS = "/account/security/contacts"


async def code_page(browser: Browser, page: httpx.Response | None = None) -> httpx.Response:
    page = page or await browser.get("/login")
    request = hidden_fields(page.text)["request"]
    return await browser.get(f"/login/code?request={request}")


async def asked(browser: Browser, typed: str = TYPED) -> httpx.Response:
    """The page that waits for the code."""
    page = await browser.submit(await code_page(browser), address=typed)
    assert page.status_code == 200, page.text
    return page


async def entered(browser: Browser, page: httpx.Response, code: str) -> httpx.Response:
    return await browser.post("/login/code/check", {**hidden_fields(page.text), "code": code})


async def persons(provider: Provider) -> list[str]:
    return [each.id for each in await provider.services.persons.list()]


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


@pytest.mark.parametrize(("typed", "address", "amr"), [(TYPED, PHONE, ("otp", "sms")), (MAIL, MAIL, ("otp",))])
async def test_whoever_is_new_gets_an_account_and_finds_it_again(provider, post, typed, address, amr):
    for _ in range(2):
        browser = provider.browser()
        page = await asked(browser, typed)
        assert address not in page.text.replace(f'value="{address}"', "")
        landed = await entered(browser, page, post.code_for(address))
        assert landed.url.path == "/"
        [person_id] = await persons(provider)
        assert (await provider.services.sessions.list_open(person_id))[0].amr == amr
        provider.clock.advance(minutes=2)


async def test_a_phone_number_raises_the_level_to_two(provider, post):
    browser = provider.browser()
    page = await asked(browser)
    await entered(browser, page, post.code_for(PHONE))
    [person_id] = await persons(provider)
    assert (await provider.services.persons.load(person_id)).assurance_level == 2


async def test_the_message_lets_phones_fill_the_code_in_on_our_host_alone(provider, post):
    await asked(provider.browser())
    assert post.taken[-1].body.endswith(f"@idp.test #{post.code_for(PHONE)}")


async def test_known_and_unknown_addresses_look_alike(provider, post):
    known = await enter_person(provider)
    await provider.services.contacts.keep(known, parse_address(TYPED))
    pages = [await asked(provider.browser(), typed) for typed in (TYPED, "13900000002")]
    shapes = {page.text.replace("0001", "").replace("0002", "").count("<") for page in pages}
    assert len(shapes) == 1
    assert len(post.taken) == 2


async def test_a_wrong_code_says_so_next_to_the_field_and_five_end_it(provider, post):
    browser = provider.browser()
    page = await asked(browser)
    right = post.code_for(PHONE)
    for _ in range(5):
        refused = await entered(browser, page, another(right))
        assert refused.status_code == 400
        assert "This code is not right" in refused.text
    assert (await entered(browser, page, right)).status_code == 410
    assert await persons(provider) == []


async def test_guesses_at_once_are_counted_one_by_one(provider, post):
    browser = provider.browser()
    page = await asked(browser)
    right = post.code_for(PHONE)
    answers = await asyncio.gather(*(entered(browser, page, another(right)) for _ in range(20)))
    assert sorted(each.status_code for each in answers)[:5] == [400] * 5
    assert {each.status_code for each in answers} == {400, 410}


async def test_a_code_counts_for_ten_minutes(provider, post):
    browser = provider.browser()
    page = await asked(browser)
    provider.clock.advance(minutes=10, seconds=1)
    assert (await entered(browser, page, post.code_for(PHONE))).status_code == 410


async def test_a_code_counts_once(provider, post):
    browser = provider.browser()
    page = await asked(browser)
    code = post.code_for(PHONE)
    await asyncio.gather(*(entered(browser, page, code) for _ in range(4)))
    assert len(await persons(provider)) == 1
    [person_id] = await persons(provider)
    assert len(await provider.services.sessions.list_open(person_id)) == 1


async def test_a_code_counts_in_the_browser_that_asked_for_it_alone(provider, post):
    """Somebody talked out of a code has still not let anybody in elsewhere."""
    victim, thief = provider.browser(), provider.browser()
    await asked(victim)
    own = await asked(thief, "13900000002")
    assert (await entered(thief, own, post.code_for(PHONE))).status_code == 400
    stolen = hidden_fields((await code_page(victim)).text)["request"]
    refused = await thief.post("/login/code/check", {**hidden_fields(own.text), "request": stolen, "code": "000000"})
    assert refused.status_code in {400, 410}
    assert await persons(provider) == []


async def test_another_code_comes_after_a_minute_and_ends_the_first(provider, post):
    browser = provider.browser()
    page = await asked(browser)
    first = post.code_for(PHONE)
    again = {**hidden_fields(page.text), "address": TYPED, "again": "yes"}
    too_soon = await browser.post("/login/code", again)
    assert too_soon.status_code == 429
    assert int(too_soon.headers["Retry-After"]) <= 60
    provider.clock.advance(seconds=61)
    page = await browser.post("/login/code", again)
    second = post.code_for(PHONE)
    if first != second:
        assert (await entered(browser, page, first)).status_code == 400
    assert (await entered(browser, page, second)).url.path == "/"


async def test_an_address_gets_no_more_than_five_codes_an_hour(provider, post):
    for _ in range(5):
        await asked(provider.browser())
        provider.clock.advance(seconds=61)
    browser = provider.browser()
    assert (await browser.submit(await code_page(browser), address=TYPED)).status_code == 429
    assert len(post.taken) == 5


async def test_a_network_gets_no_more_codes_than_a_hall_of_counters_needs(tmp_path, clock, post):
    async for provider in run_provider(
        tmp_path, clock, lambda values: values.update(codes_per_network_and_hour=3), messages=post
    ):
        for number in range(5):
            browser = provider.browser()
            page = await browser.submit(await code_page(browser), address=f"1390000000{number}")
            assert page.status_code == (200 if number < 3 else 429)
        elsewhere = provider.browser(address="192.0.2.7")
        assert (await elsewhere.submit(await code_page(elsewhere), address="13900000009")).status_code == 200


async def test_a_sender_that_is_away_is_said_and_nothing_waits(provider, post):
    post.away()
    browser = provider.browser()
    page = await browser.submit(await code_page(browser), address=TYPED)
    assert page.status_code == 503


async def test_a_mailbox_that_is_none_is_said_next_to_the_field(provider, post):
    browser = provider.browser()
    page = await browser.submit(await code_page(browser), address="nobody@example.com")
    assert page.status_code == 400
    assert "No message can be sent to this address" in page.text


async def test_a_channel_that_is_not_set_up_is_not_offered(tmp_path, clock):
    async for provider in run_provider(tmp_path, clock, messages=Post(channels=frozenset({"email"}))):
        browser = provider.browser()
        page = await browser.submit(await code_page(browser), address=TYPED)
        assert page.status_code == 400
    async for provider in run_provider(tmp_path / "b", clock, messages=Post(channels=frozenset())):
        assert "/login/code" not in (await provider.browser().get("/login")).text


async def test_neither_code_nor_address_stands_in_the_store_or_the_database(provider, post, tmp_path):
    browser = provider.browser()
    page = await asked(browser)
    code = post.code_for(PHONE)
    stored = repr(vars(provider.services.ephemeral))
    assert TYPED not in stored
    assert code not in stored
    await entered(browser, page, code)
    for file in tmp_path.glob("idp.db*"):
        assert TYPED.encode() not in file.read_bytes()


async def test_an_address_is_added_shown_masked_changed_and_removed(provider, post):
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    page = await browser.submit(await browser.get(CONTACTS), address=TYPED)
    page = await browser.submit(page, code=post.code_for(PHONE))
    assert "139****0001" in page.text
    assert TYPED not in page.text
    page = await browser.submit(page, address="13900000002")
    page = await browser.submit(page, code=post.code_for("+8613900000002"))
    assert "no longer belongs to your account" in post.taken[-1].body or "不再属于" in post.taken[-1].body
    assert post.taken[-1].to == PHONE
    page = await browser.post(f"{CONTACTS}/remove", {**hidden_fields(page.text), "channel": "sms"})
    assert "Removed." in page.text
    assert await provider.services.contacts.find(parse_address("13900000002")) is None


async def test_an_address_of_somebody_else_is_not_taken_over(provider, post):
    owner = await enter_person(provider, "owner")
    await provider.services.contacts.keep(owner, parse_address(TYPED))
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    page = await browser.submit(await browser.get(CONTACTS), address=TYPED)
    page = await browser.submit(page, code=post.code_for(PHONE))
    assert page.status_code == 409
    assert await provider.services.contacts.find(parse_address(TYPED)) == owner


async def test_two_who_keep_an_address_at_once_one_wins(provider):
    one, other = await enter_person(provider, "one"), await enter_person(provider, "other")
    address = parse_address(TYPED)
    keep = provider.services.contacts.keep
    results = await asyncio.gather(keep(one, address), keep(other, address), return_exceptions=True)
    assert sorted(type(each).__name__ for each in results) == ["Conflict", "NoneType"]
    assert any(isinstance(each, Conflict) for each in results)


async def test_the_only_way_to_sign_in_is_not_removed(provider, post):
    browser = provider.browser()
    page = await asked(browser)
    await entered(browser, page, post.code_for(PHONE))
    page = await browser.get(CONTACTS)
    page = await browser.post(f"{CONTACTS}/remove", {**hidden_fields(page.text), "channel": "sms"})
    assert page.status_code == 409
    assert await provider.services.contacts.find(parse_address(TYPED)) is not None


async def test_an_old_sign_in_does_not_change_addresses(provider, post):
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    page = await browser.get(CONTACTS)
    provider.clock.advance(minutes=30)
    landed = await browser.post(CONTACTS, {**hidden_fields(page.text), "address": TYPED})
    assert landed.url.path == "/login"
    assert post.taken == []


async def test_an_officer_who_signs_in_by_code_still_shows_a_second_factor(provider, post):
    officer = await enter_person(provider, "clerk", "officer")
    await provider.services.contacts.keep(officer, parse_address(TYPED))
    browser = provider.browser()
    landed = await entered(browser, await asked(browser), post.code_for(PHONE))
    assert landed.url.path == "/login/otp"


async def test_a_closed_account_stays_closed(provider, post):
    person = await enter_person(provider)
    await provider.services.contacts.keep(person, parse_address(TYPED))
    await provider.services.persons.disable(person)
    browser = provider.browser()
    landed = await entered(browser, await asked(browser), post.code_for(PHONE))
    assert landed.status_code == 403
    assert await provider.services.sessions.list_open(person) == []
