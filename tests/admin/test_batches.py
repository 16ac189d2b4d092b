"""An officer hands in a file, sees every row that is wrong, and has the right ones issued."""

import re

import httpx

from idp.roles.scopes import Role
from tests.admin.conftest import Console
from tests.licence_vault.batches.files import cells, csv_file

FOOD = "11990000MB0000000J001"
NEW = f"/console/batches/new?type={FOOD}"


async def hand_in(console: Console, data: bytes) -> httpx.Response:
    page = (await console.get(NEW)).text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    fields = hidden | {"type": FOOD}
    return await console.client.post(
        "/console/batches/new", data=fields, files={"file": ("food.csv", data, "text/csv")}
    )


async def worked(console: Console, address: str) -> str:
    """The batch's page when its rows have been worked on."""
    runner = console.app.state.admin.licences.batch_runner
    while await runner.step(address.rsplit("/", 1)[1]):
        pass
    return (await console.get(address)).text


async def press(console: Console, address: str, button: str) -> httpx.Response:
    page = (await console.get(address)).text
    form = re.search(rf'<form method="post" action="{address}/{button}".*?</form>', page, re.DOTALL)
    assert form, page
    values = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[0]))
    return await console.client.post(f"{address}/{button}", data=values)


async def test_wrong_rows_are_shown_and_the_right_ones_issued(console: Console) -> None:
    console.sit(Role.OFFICER)
    answer = await hand_in(console, csv_file([cells(1), cells(2, 签发人=""), cells(3)], "gb18030"))
    assert answer.status_code == 303, answer.text
    address = answer.headers["location"]
    first = await console.get(address)
    assert first.headers["refresh"] == "3"
    page = await worked(console, address)
    assert "签发人" in page
    assert "Issue the 2 right rows alone" in page
    report = await console.get(f"{address}/errors?format=csv")
    assert "签发人" in report.content.decode("utf-8-sig")
    assert (await press(console, address, "start")).status_code == 303
    page = await worked(console, address)
    assert "Done" in page
    assert "refresh" not in (await console.get(address)).headers
    assert page.count("<tr>") == 2


async def test_a_file_of_other_columns_is_refused_at_its_field(console: Console) -> None:
    console.sit(Role.OFFICER)
    answer = await hand_in(console, csv_file([cells(1, 颜色="红")]))
    assert answer.status_code == 400
    assert "颜色" in answer.text


async def test_templates_are_there(console: Console) -> None:
    console.sit(Role.OFFICER)
    for format, start in (("xlsx", b"PK"), ("csv", b"\xef\xbb\xbf")):
        answer = await console.get(f"/console/batches/template?type={FOOD}&format={format}")
        assert answer.content.startswith(start)
        assert "attachment" in answer.headers["content-disposition"]


async def test_what_is_cancelled_says_so(console: Console) -> None:
    console.sit(Role.OFFICER)
    address = (await hand_in(console, csv_file([cells(1)]))).headers["location"]
    assert (await press(console, address, "cancel")).status_code == 303
    assert "Cancelled" in (await console.get(address)).text
    assert address in (await console.get("/console/batches")).text


async def test_nobody_else_sits_here(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN)
    for address in ("/console/batches", NEW, f"/console/batches/template?type={FOOD}"):
        assert (await console.get(address)).status_code == 403
