"""How a licence stood on a day that is over, by its own events."""

from datetime import timedelta

import httpx
import pytest

from kernel.i18n import DISPLAY_ZONE
from tests.verify.world import HANDLE, World
from verify.qr.figure import SECONDS, figure_at

PERSON = {"Accept": "text/html"}


async def test_a_program_and_a_person_ask_for_a_day(world: World, client: httpx.AsyncClient) -> None:
    day = (world.now.astimezone(DISPLAY_ZONE) - timedelta(days=1)).date()
    answer = (await client.get(f"/v/{HANDLE}?on={day}")).json()
    assert answer["on"] == {"date": day.isoformat(), "state": "valid"}
    page = (await client.get(f"/v/{HANDLE}?on={day}", headers=PERSON)).text
    assert f'value="{day}"' in page
    assert "On that day: Valid" in page


@pytest.mark.parametrize("wrong", ["tomorrow", "2026-02-30", "9999-12-31"])
async def test_a_day_that_is_none_or_has_not_come_is_refused(client: httpx.AsyncClient, wrong: str) -> None:
    assert (await client.get(f"/v/{HANDLE}?on={wrong}")).status_code == 400


async def test_the_figure_is_the_same_everywhere_for_half_a_minute_and_then_another(world: World) -> None:
    start = world.now.replace(second=0, microsecond=0)
    first = figure_at(b"k" * 32, start)
    assert figure_at(b"k" * 32, start + timedelta(seconds=SECONDS - 1)) == first
    assert figure_at(b"k" * 32, start + timedelta(seconds=SECONDS)) != first
    assert figure_at(b"j" * 32, start) != first


async def test_the_page_shows_the_figure_and_says_how_to_know_the_real_domain(
    world: World, client: httpx.AsyncClient
) -> None:
    page = (await client.get(f"/v/{HANDLE}", headers=PERSON)).text
    assert figure_at(world.app.state.verify.figure_key, world.now).word in page
    assert "address bar must show the same." in page


async def test_a_signed_report_is_one_button_away(client: httpx.AsyncClient) -> None:
    page = (await client.get(f"/v/{HANDLE}", headers=PERSON)).text
    assert f"/v/{HANDLE}" in page.split('name="qr"')[1][:120]
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    given = {"csrf_token": token, "qr": f"https://zhengzhao.example.cn/v/{HANDLE}"}
    answer = await client.post("/verify", data=given, headers=PERSON)
    assert answer.status_code == 200
    assert "Receipt" in answer.text
