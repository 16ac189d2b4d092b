"""Whose address it is, is decided on what servers and browsers agree about; the rest is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.cas.addresses import Address
from idp.cas.applications import CasRegistration
from idp.cas.tickets import LONGEST
from kernel.audit.chain import SYSTEM
from kernel.errors import Conflict, InvalidInput
from tests.idp.cas.test_protocol import APP, login_url, register
from tests.idp.conftest import Provider
from tests.idp.people import enter_person, signed_in_browser


@pytest.mark.parametrize(
    "address",
    [
        "https://app.test/portal",
        "https://app.test/portal/",
        "https://app.test/portal/a/b?c=d#e",
        "https://APP.test:443/portal?next=https://evil.test",
    ],
)
def test_below_the_registered_address(address: str) -> None:
    assert Address.read(APP).covers(Address.read(address))


@pytest.mark.parametrize(
    "address",
    [
        "http://app.test/portal",
        "https://app.test:8443/portal",
        "https://app.test/portal2",
        "https://app.test/",
        "https://app.test.evil.test/portal",
        "https://evil.test/https://app.test/portal",
        "https://sub.app.test/portal",
    ],
)
def test_not_below_it(address: str) -> None:
    assert not Address.read(APP).covers(Address.read(address))


@pytest.mark.parametrize(
    "address",
    [
        "https://app.test/portal/../admin",
        "https://app.test/portal/%2e%2e/admin",
        "https://app.test/portal/%2E./admin",
        "https://app.test/portal/..%2fadmin",
        "https://app.test/portal/..;/admin",
        "https://app.test/portal/..;v=1/admin",
        "https://app.test/portal/%2e%2e;",
        "https://app.test\\@evil.test/portal",
        "https://app.test/portal%5c..%5cadmin",
        "https://user@app.test/portal",
        "https://user:secret@evil.test/portal",
        "javascript:alert(1)//app.test/portal",
        "//app.test/portal",
        "/portal",
        "https:///portal",
        "https://app.test/portal\n",
        "https://app.test/por tal",
        "https://app.test:99999/portal",
        "https://[app.test/portal",
        "https://app.test/" + "a" * 2000,
        "https://应用.test/portal",
        "",
    ],
)
async def test_what_is_read_differently_is_refused(provider: Provider, address: str) -> None:
    with pytest.raises(InvalidInput):
        Address.read(address)
    await enter_person(provider)
    await register(provider)
    browser = await signed_in_browser(provider)
    answer = await browser.client.get(login_url(address))
    if address:
        assert answer.status_code in (400, 403)
    assert "ticket=" not in answer.headers.get("location", "")


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        address = Address.read("https://app.test/portal" + text)
    except InvalidInput:
        return
    if address.host == "app.test" and address.port == 443:
        assert address.path.startswith("/portal")
    else:
        assert not Address.read(APP).covers(address)


async def test_the_nearest_registration_counts(provider: Provider) -> None:
    outer = await register(provider, "https://app.test/")
    inner = await register(provider, "https://app.test/portal/")
    applications = provider.services.cas_applications
    assert await applications.find("https://app.test/portal/x") == inner
    assert await applications.find("https://app.test/other") == outer
    assert await applications.find("https://elsewhere.test/") is None


async def test_a_removed_application_is_entered_no_more(provider: Provider) -> None:
    await enter_person(provider)
    application = await register(provider)
    browser = await signed_in_browser(provider)
    await provider.services.cas_applications.remove(application.id, SYSTEM)
    assert (await browser.get(login_url())).status_code == 403


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"address": "http://app.test/"}, "address"),
        ({"address": "https://app.test/?a"}, "address"),
        ({"address": "https://app.test/#a"}, "address"),
        ({"user": "id_number"}, "user"),
        ({"attributes": ("name", "id_number")}, "attributes"),
    ],
)
async def test_a_bad_registration_is_refused_by_field(
    provider: Provider, changes: dict[str, object], field: str
) -> None:
    values: dict[str, object] = {"name": "Portal", "address": APP} | changes
    with pytest.raises(InvalidInput) as refusal:
        await provider.services.cas_applications.register(CasRegistration(**values), SYSTEM)  # type: ignore[arg-type]
    assert [each.field for each in refusal.value.fields] == [field]


async def test_an_address_is_registered_once(provider: Provider) -> None:
    await register(provider)
    with pytest.raises(Conflict):
        await register(provider)


async def test_an_endless_ticket_is_no_ticket(provider: Provider) -> None:
    answer = await provider.browser().client.get(
        "/cas/serviceValidate", params={"service": APP, "ticket": "ST-" + "x" * LONGEST}
    )
    assert "INVALID_TICKET" in answer.text
