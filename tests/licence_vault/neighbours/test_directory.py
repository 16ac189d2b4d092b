"""The directory above says what the one below says, whatever was lost, came late or came twice."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from kernel.errors import Conflict, InvalidInput
from kernel.ids.licence_identifier import LicenceIdentifier
from licence_vault.neighbours.entries import Entry, read_entries
from licence_vault.neighbours.records import DirectoryChangeRow, DirectoryEntryRow
from tests.houses import CITIZEN_NUMBER, FOOD
from tests.licence_vault.neighbours.conftest import Pair
from tests.licence_vault.neighbours.vaults import CITY, OPERATOR, neighbour

CALL = {
    "purpose": "办理食品经营许可延续",
    "basis": {"kind": "legal", "reference": "《食品安全法》第三十五条"},
    "matter": {"name": "食品经营许可延续", "code": "11370100-XK-012", "number": "SL-2026-000017"},
    "officer": "王明远",
}
QUERY = {**CALL, "type": FOOD, "holder": {"id_type": "111", "number": CITIZEN_NUMBER}}
ENTRIES = "/api/v1/sharing/directory/entries"


async def kept(pair: Pair) -> dict[str, DirectoryEntryRow]:
    """What stands above, by identifier."""
    async with pair.province.house.foundation.database.reading() as session:
        return {row.identifier: row for row in (await session.scalars(select(DirectoryEntryRow))).all()}


async def forget_changes(pair: Pair) -> None:
    async with pair.city.house.foundation.database.transaction() as session:
        await session.execute(delete(DirectoryChangeRow))


def entry_of(row: DirectoryEntryRow) -> Entry:
    return Entry(**{name: getattr(row, name) for name in Entry.__dataclass_fields__})


async def test_issuing_replacing_and_revoking_are_told(pair: Pair) -> None:
    first = await pair.issue()
    assert await pair.pusher.push(pair.above) == 1
    vault, requester = pair.city.house.licence_vault, pair.city.requester()
    second = await vault.issuing.reissue(first.id, {"change": "renew"}, requester)
    await vault.changes.apply("revoke", second.id, requester.issuer.uscc, "查处后吊销", OPERATOR)
    assert await pair.pusher.push(pair.above) == 3, "two versions, and the revocation of one"
    told = {identifier: (row.status, row.version) for identifier, row in (await kept(pair)).items()}
    assert told == {first.identifier: ("superseded", 1), second.identifier: ("revoked", 2)}
    assert await pair.pusher.push(pair.above) == 0


async def test_what_was_never_told_what_was_lost_and_what_is_too_much_is_put_right(pair: Pair) -> None:
    licences = [await pair.issue() for _each in range(3)]
    await forget_changes(pair)
    done = await pair.pusher.reconcile(pair.above)
    assert (done.compared, done.sent, done.removed) == (3, 3, 0)
    rows = await kept(pair)
    assert rows.keys() == {each.identifier for each in licences}
    async with pair.province.house.foundation.database.transaction() as session:
        lost = DirectoryEntryRow.identifier == licences[0].identifier
        await session.execute(delete(DirectoryEntryRow).where(lost))
        stale = DirectoryEntryRow.identifier == licences[1].identifier
        await session.execute(update(DirectoryEntryRow).where(stale).values(status="revoked"))
        stray = {each.name: getattr(rows[licences[2].identifier], each.name) for each in DirectoryEntryRow.__table__.c}
        session.add(DirectoryEntryRow(**stray | {"record": "0" * 31 + "1", "identifier": "stray"}))
    done = await pair.pusher.reconcile(pair.above)
    assert (done.compared, done.sent, done.removed) == (3, 2, 1)
    assert {each: row.status for each, row in (await kept(pair)).items()} == {
        each.identifier: "valid" for each in licences
    }
    done = await pair.pusher.reconcile(pair.above)
    assert (done.sent, done.removed) == (0, 0)


async def test_what_comes_late_overwrites_nothing_newer(pair: Pair) -> None:
    licence = await pair.issue()
    await pair.pusher.push(pair.above)
    entry = entry_of((await kept(pair))[licence.identifier])
    newer = replace(entry, status="revoked", cause_code="07", revision=entry.revision + 1)
    for each in (newer, entry, newer):
        answer = await pair.calls_above("city", ENTRIES, {"entries": [each.as_json()]})
        assert answer.status_code == 200, answer.text
    assert (await kept(pair))[licence.identifier].status == "revoked"


async def test_only_a_vault_below_may_tell_and_only_one_above_may_call_for_others(pair: Pair) -> None:
    assert (await pair.calls_above("asker", ENTRIES, {"entries": []})).status_code == 403
    agency = {"uscc": "12999999400000018W", "name": "虚构市图书馆"}
    for name, status in (("local", 403), ("province", 200)):
        answer = await pair.calls_below(name, "/api/v1/sharing/query", {**QUERY, "on_behalf_of": agency})
        assert answer.status_code == status, name
    assert (
        await pair.calls_above("asker", "/api/v1/sharing/query", {**QUERY, "on_behalf_of": agency})
    ).status_code == 403


async def test_the_holder_reads_who_asked_and_through_whom(pair: Pair) -> None:
    licence = await pair.issue()
    await pair.pusher.push(pair.above)
    answer = await pair.calls_above("asker", "/api/v1/sharing/query", QUERY)
    assert [each["identifier"] for each in answer.json()["licences"]] == [licence.identifier]
    looks = await pair.city.house.licence_vault.lookup.accesses(licence)
    assert [(each.who, each.about["via"]) for each in looks] == [("虚构市图书馆", "虚构省政务服务数据管理局")]


async def test_what_the_city_refuses_the_province_refuses(pair: Pair) -> None:
    licence = await pair.issue()
    await pair.pusher.push(pair.above)
    body = {**CALL, "identifier": licence.identifier, "copy": "pdf"}
    answer = await pair.calls_above("asker", "/api/v1/sharing/fetch", body)
    assert answer.status_code == 403
    assert answer.json()["detail"] == "You may have the data of this licence, but no copy of its file."
    body = {**CALL, "basis": {"kind": "grant"}, "identifier": licence.identifier, "fields": ["premises"]}
    assert (await pair.calls_above("asker", "/api/v1/sharing/fetch", body)).status_code == 404
    grant_query = {**QUERY, "basis": {"kind": "grant"}}
    told = (await pair.calls_above("asker", "/api/v1/sharing/query", grant_query)).json()
    assert told == {"code": 3, "licences": []}


async def test_two_vaults_cannot_have_one_licence(pair: Pair) -> None:
    licence = await pair.issue()
    await pair.pusher.push(pair.above)
    above = pair.province.house.licence_vault
    new = replace(neighbour("below", CITY, "http://localhost:1", "s"), code="other", their_client_id="other")
    other = await above.neighbours.add(new, OPERATOR)
    entry = entry_of((await kept(pair))[licence.identifier])
    await above.directory.take(other, [entry], [])
    body = {**CALL, "identifier": licence.identifier, "fields": ["premises"]}
    assert (await pair.calls_above("asker", "/api/v1/sharing/fetch", body)).status_code == 409


async def test_one_process_at_a_time_tells_a_neighbour(pair: Pair) -> None:
    key = f"neighbour:pushing:{pair.above.id}"
    await pair.city.house.foundation.ephemeral.put(key, b"1", 60)
    with pytest.raises(Conflict):
        await pair.pusher.push(pair.above)


@pytest.mark.parametrize(
    ("member", "wrong"),
    [
        ("record", "../etc"),
        ("identifier", "1.2.156"),
        ("status", "lost"),
        ("cause_code", "77"),
        ("revision", -1),
        ("revision", True),
        ("holder_key", CITIZEN_NUMBER),
        ("valid_from", "yesterday"),
        ("issuer", 7),
        ("issuer", "12999999400000018W"),
        ("version", 2),
    ],
)
async def test_an_entry_that_is_wrong_is_named(pair_entry: dict[str, Any], member: str, wrong: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_entries({"entries": [pair_entry, pair_entry | {member: wrong}]})
    assert refusal.value.fields[0].field.startswith("entries.1")


@pytest.fixture
def pair_entry() -> dict[str, Any]:
    """A right entry."""
    return {
        "record": "0" * 32,
        "identifier": str(LicenceIdentifier(FOOD, "11999999000010022Q", "000000001", 1)),
        "type": FOOD,
        "version": 1,
        "status": "valid",
        "cause_code": "01",
        "revision": 1,
        "issuer": "11999999000010022Q",
        "valid_from": "2026-11-21",
        "valid_to": None,
        "holder_key": "0" * 64,
        "content_digest": "1" * 64,
        "ofd_sha256": "2" * 64,
        "pdf_sha256": "3" * 64,
    }
