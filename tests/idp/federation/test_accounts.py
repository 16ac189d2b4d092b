"""Who an external account belongs to: found by any identifier, never joined silently, never stored in plain."""

import asyncio

import pytest
from sqlalchemy import select, text

from idp.federation.base import AccountConflict, ExternalId, ExternalIdentity
from idp.federation.records import ExternalIdentityRow
from kernel.audit.records import AuditEventRow
from kernel.database.engine import Database
from kernel.errors import Conflict, NotFound
from kernel.i18n import use_locale
from tests.idp.federation.conftest import People, create_tables


@pytest.fixture
async def database(any_database: Database) -> Database:
    """An empty database with the tables, once SQLite and once PostgreSQL."""
    await create_tables(any_database)
    return any_database


UNION = ExternalId("unionid", "account", "oUNION-1")
WEB = ExternalId("openid", "wxweb", "oWEB-1")
MP = ExternalId("openid", "wxmp", "oMP-1")


def identity(*identifiers: ExternalId, nickname: str = "小满") -> ExternalIdentity:
    return ExternalIdentity("wechat", identifiers, nickname)


async def owner(people: People, *identifiers: ExternalId) -> str:
    return (await people.accounts.recognise(identity(*identifiers))).person_id


async def test_somebody_new_is_entered_once_and_found_again(people: People) -> None:
    first = await people.accounts.recognise(identity(UNION, WEB))
    again = await people.accounts.recognise(identity(UNION, WEB))
    assert (first.is_new, again.is_new) == (True, False)
    assert first.person_id == again.person_id
    person = await people.persons.load(first.person_id)
    assert (person.display_name, person.username, person.assurance_level) == ("小满", None, 1)


async def test_the_unionid_finds_a_person_in_another_application(people: People) -> None:
    person = await owner(people, UNION, WEB)
    assert await owner(people, UNION, MP) == person
    assert await owner(people, MP) == person


async def test_a_unionid_that_appears_later_is_attached(people: People) -> None:
    person = await owner(people, WEB)
    assert await owner(people, UNION, WEB) == person
    assert await owner(people, UNION) == person


async def test_two_halves_of_one_person_become_one_account(people: People) -> None:
    person = await owner(people, WEB)
    await people.accounts.link(identity(UNION, MP), person)
    assert len(await people.accounts.linked(person)) == 2
    await owner(people, UNION, WEB)
    await owner(people, UNION, MP)
    assert len(await people.accounts.linked(person)) == 1


async def test_halves_of_two_persons_are_a_conflict_and_stay_apart(people: People, database: Database) -> None:
    one, other = await owner(people, WEB), await owner(people, UNION, MP)
    assert one != other
    with pytest.raises(AccountConflict):
        await people.accounts.recognise(identity(UNION, WEB))
    assert (await owner(people, WEB), await owner(people, MP)) == (one, other)
    async with database.reading() as session:
        conflicts = await session.scalars(
            select(AuditEventRow).where(AuditEventRow.action == "idp.federation.conflict")
        )
        assert [event.outcome for event in conflicts] == ["refused"]


@pytest.mark.parametrize(
    "other",
    [
        ExternalId("openid", "wxother", "oWEB-1"),
        ExternalId("unionid", "wxweb", "oWEB-1"),
        ExternalId("openid", "wxweb", "oweb-1"),
    ],
)
async def test_the_same_value_elsewhere_is_somebody_else(people: People, other: ExternalId) -> None:
    assert await owner(people, WEB) != await owner(people, other)


async def test_the_same_identifier_at_another_provider_is_somebody_else(people: People) -> None:
    person = await owner(people, WEB)
    at_qq = await people.accounts.recognise(ExternalIdentity("qq", (WEB,)))
    assert at_qq.person_id != person


async def test_two_first_sign_ins_at_once_end_at_one_person(people: People) -> None:
    owners = await asyncio.gather(*(owner(people, UNION, WEB) for _ in range(4)))
    assert len(set(owners)) == 1


async def test_an_account_of_somebody_else_cannot_be_linked(people: People) -> None:
    person, stranger = await owner(people, WEB), await owner(people, MP)
    with pytest.raises(AccountConflict, match="already belongs"):
        await people.accounts.link(identity(MP), person)
    assert await owner(people, MP) == stranger


async def test_linking_twice_changes_nothing(people: People) -> None:
    person = await owner(people, WEB)
    for _ in range(2):
        await people.accounts.link(identity(MP), person)
    assert await owner(people, MP) == person
    assert len(await people.accounts.linked(person)) == 2


async def test_the_last_way_in_cannot_be_unlinked(people: People) -> None:
    person = await owner(people, UNION, WEB)
    (account,) = await people.accounts.linked(person)
    with pytest.raises(Conflict, match="only way"):
        await people.accounts.unlink(person, account.account_id)
    assert await owner(people, WEB) == person


async def test_unlinking_forgets_every_identifier_of_the_account(people: People) -> None:
    person = (await people.persons.create("lin", "a good password", "林小满")).id
    await people.accounts.link(identity(UNION, WEB), person)
    (account,) = await people.accounts.linked(person)
    assert (account.family, account.nickname) == ("wechat", "小满")
    await people.accounts.unlink(person, account.account_id)
    assert await people.accounts.linked(person) == []
    assert await owner(people, UNION) != person


async def test_nobody_unlinks_anothers_account(people: People) -> None:
    person, stranger = await owner(people, WEB), await owner(people, MP)
    (account,) = await people.accounts.linked(person)
    with pytest.raises(NotFound):
        await people.accounts.unlink(stranger, account.account_id)


async def test_a_nickname_is_shown_without_tricks_and_may_be_missing(people: People) -> None:
    tricky = await people.accounts.recognise(identity(WEB, nickname="\u202e小\x00满\n"))
    assert (await people.persons.load(tricky.person_id)).display_name == "小满"
    with use_locale("en"):
        nameless = await people.accounts.recognise(identity(MP, nickname=""))
    person = await people.persons.load(nameless.person_id)
    assert (person.display_name, person.locale) == ("WeChat user", "en")


async def test_neither_identifier_nor_nickname_is_stored_in_plain(people: People, database: Database) -> None:
    await owner(people, UNION, WEB)
    async with database.reading() as session:
        rows = (await session.execute(select(ExternalIdentityRow.__table__))).all()
        audit = (await session.execute(text("SELECT * FROM audit_event"))).all()
    stored = "".join(repr(tuple(row)) for row in (*rows, *audit))
    assert len(rows) == 2
    assert "wechat" in stored
    for secret in ("oUNION-1", "oWEB-1", "小满", repr("小满".encode())[2:-1]):
        assert secret not in stored
