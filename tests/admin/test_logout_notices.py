"""The administrator sees which applications heard of a logout, and has a deaf one tried again."""

from idp.roles.scopes import Role
from idp.single_logout.records import LogoutNoticeRow
from tests.admin.conftest import Console

PATH = "/console/logout-notices"


async def write_notice(console: Console, number: int, *, is_over: bool) -> None:
    provider = console.provider
    now = provider.clock()
    row = LogoutNoticeRow(id=f"{number:040d}", client_id="hall", session_id="s", sub="p", created_at=now)
    row.address, row.attempts, row.last_outcome = "https://hall.test/logout", 7, "status 503"
    row.due_at, row.delivered_at = None, now if is_over else None
    async with provider.database.transaction() as session:
        session.add(row)


async def test_delivered_and_given_up_notices_are_told_apart(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN)
    assert "No notices yet" in (await console.get(PATH)).text
    await write_notice(console, 1, is_over=True)
    await write_notice(console, 2, is_over=False)
    page = (await console.get(PATH)).text
    assert "Delivered" in page
    assert "Given up after 7 tries" in page
    assert page.count("Try again now") == 1


async def test_trying_again(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN)
    await write_notice(console, 2, is_over=False)
    answer = await console.post(PATH, f"{PATH}/{2:040d}/retry")
    assert answer.status_code == 303
    (notice,) = await console.provider.services.single_logout.list_notices()
    assert notice.due_at is not None
    assert notice.attempts < 7


async def test_others_do_not_see_them(console: Console) -> None:
    console.sit(Role.OFFICER)
    assert (await console.get(PATH)).status_code == 403


async def test_long_lists_have_a_next_page(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN)
    for number in range(51):
        await write_notice(console, number, is_over=True)
    first = (await console.get(PATH)).text
    assert f"{PATH}?before={1:040d}" in first
    assert (await console.get(f"{PATH}?before={1:040d}")).text.count("Delivered") == 1
