"""A form is taken from our own pages alone."""

import pytest

from tests.kernel.web.shell import ORIGIN, visitor

SAME = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}


async def test_a_form_from_our_own_page_is_taken() -> None:
    async with visitor() as client:
        token = (await client.get("/token")).json()["token"]
        assert (await client.post("/guarded", data={"csrf_token": token}, headers=SAME)).status_code == 200


async def test_two_tabs_share_a_browser_and_both_work() -> None:
    async with visitor() as client:
        tokens = [(await client.get("/token")).json()["token"] for _ in range(2)]
        assert tokens[0] != tokens[1]
        for token in tokens:
            assert (await client.post("/guarded", data={"csrf_token": token}, headers=SAME)).status_code == 200


@pytest.mark.parametrize("token", ["", "x", "a.b", "." * 50])
async def test_a_missing_or_invented_token_is_refused(token: str) -> None:
    async with visitor() as client:
        await client.get("/token")
        assert (await client.post("/guarded", data={"csrf_token": token}, headers=SAME)).status_code == 403


async def test_a_token_of_another_browser_is_refused() -> None:
    async with visitor() as other:
        token = (await other.get("/token")).json()["token"]
    async with visitor() as client:
        await client.get("/token")
        assert (await client.post("/guarded", data={"csrf_token": token}, headers=SAME)).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "null"},
    ],
)
async def test_another_site_is_refused_even_with_a_right_token(headers: dict[str, str]) -> None:
    async with visitor() as client:
        token = (await client.get("/token")).json()["token"]
        assert (await client.post("/guarded", data={"csrf_token": token}, headers=headers)).status_code == 403


async def test_the_cookie_belongs_to_this_host_alone() -> None:
    async with visitor() as client:
        cookie = (await client.get("/token")).headers["set-cookie"]
    assert cookie.startswith("__Host-")
    for attribute in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert attribute.lower() in cookie.lower()
