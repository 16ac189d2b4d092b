"""An officer hands an old register in, says what its columns mean, and looks at its rows one after the other."""

import re

import httpx

from idp.roles.scopes import Role
from tests.admin.conftest import Console
from tests.licence_vault.batches.files import csv_file
from tests.licence_vault.collection.registers import WRONG_NUMBER, old_cells

FOOD = "11990000MB0000000J001"
ROOT = "/console/collections"


async def hand_in(console: Console, data: bytes, credibility: str = "A") -> httpx.Response:
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', (await console.get(f"{ROOT}/new")).text))
    fields = hidden | {"type": FOOD, "class": credibility, "source": "旧许可系统"}
    files = {"file": ("register.csv", data, "text/csv")}
    return await console.client.post(f"{ROOT}/new", data=fields, files=files)


async def worked(console: Console, address: str) -> str:
    while await console.app.state.admin.collections.collector.step(address.split("/")[3]):
        pass
    return (await console.get(address)).text


async def press(console: Console, page: str, action: str, **values: str) -> httpx.Response:
    """Send the form of `page` that goes to `action`, as it is filled in."""
    text = (await console.get(page)).text
    form = re.search(rf'<form method="post" action="{re.escape(action)}".*?</form>', text, re.DOTALL)
    assert form, text
    filled = dict(re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', form[0]))
    filled |= dict(re.findall(r'<input[^>]*type="hidden" name="([^"]+)" value="([^"]*)"', form[0]))
    for name, options in re.findall(r'<select[^>]* name="([^"]+)".*?>(.*?)</select>', form[0], re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        filled[name] = chosen[1] if chosen else ""
    filled |= dict(re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)</textarea>', form[0]))
    return await console.client.post(action, data=filled | values)


async def test_a_register_is_cleaned_reviewed_and_converted(console: Console) -> None:
    console.sit(Role.OFFICER)
    rows = [old_cells(1), old_cells(2, 姓名="林　小满"), old_cells(3, 身份证号码=WRONG_NUMBER)]
    answer = await hand_in(console, csv_file(rows, "gb18030"))
    assert answer.status_code == 303, answer.text
    address = answer.headers["location"]
    assert "What the columns mean" in (await console.get(address)).text
    assert (await press(console, address, f"{address}/columns")).status_code == 303
    page = await worked(console, address)
    assert "Accept the 2 rows without a question" in page
    assert (await press(console, address, f"{address}/accept")).status_code == 303
    taken = await press(console, address, f"{address}/review")
    row = taken.headers["location"]
    assert row == f"{address}/rows/4"
    shown = (await console.get(row)).text
    assert WRONG_NUMBER in shown
    proposal = re.search(r'value="(take:holder.number=[^"]+)"', shown)
    assert proposal
    refused = await press(console, row, row, do="accept")
    assert refused.status_code == 400
    assert "Correct what is wrong" in refused.text
    assert (await press(console, row, row, do=proposal[1])).status_code == 303
    assert "Two people have to accept this row." in (await console.get(row)).text
    assert (await press(console, row, row, do="accept")).headers["location"] == address
    page = await worked(console, address)
    assert "For a second person" in page
    changes = (await console.get(f"{address}/changes")).content.decode("utf-8-sig")
    assert "林　小满" in changes
    assert "Proposal taken by the reviewer" in changes
    assert (await console.get(f"{address}/rows?state=converted")).text.count("<tr>") == 3
    assert (await console.get(ROOT)).status_code == 200
    assert (await press(console, address, f"{address}/cancel")).status_code == 303


async def test_what_is_missing_is_said_at_its_field(console: Console) -> None:
    console.sit(Role.OFFICER)
    answer = await hand_in(console, b"")
    assert answer.status_code == 400
    answer = await hand_in(console, csv_file([{"姓名": "某人"}]))
    address = answer.headers["location"]
    refused = await press(console, address, f"{address}/columns")
    assert refused.status_code == 400
    assert "is missing" in refused.text


async def test_whoever_may_not_issue_hands_nothing_in(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN)
    assert (await console.get(f"{ROOT}/new")).status_code == 403
