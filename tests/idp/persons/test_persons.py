"""Persons: what is kept of them is unreadable at rest, and one ID number is one person."""

import sqlite3
from pathlib import Path

import pytest

from idp.persons.passwords import PasswordHasher
from idp.persons.person import RealName
from kernel.errors import Conflict, InvalidInput, NotFound
from tests.idp.conftest import Provider
from tests.idp.people import PASSWORD, enter_person

NUMBER = "990101199003078033"


async def test_nothing_personal_stands_readable_in_the_database(provider: Provider, tmp_path: Path) -> None:
    person_id = await enter_person(provider)
    persons = provider.services.persons
    await persons.bind_real_name(person_id, RealName("111", NUMBER, "张小明"), 3)
    await persons.set_contact(person_id, phone="+8613800000000", email="ming@mail.test")
    await provider.services.totp.enrol(person_id, "JBSWY3DPEHPK3PXP")
    await provider.database.dispose()
    connection = sqlite3.connect(tmp_path / "idp.db")
    dump = "\n".join(connection.iterdump())
    connection.close()
    for secret in (NUMBER, "张小明", "13800000000", "ming@mail.test", PASSWORD, "JBSWY3DPEHPK3PXP"):
        assert secret not in dump
        assert secret.encode().hex().upper() not in dump.upper()


async def test_one_id_number_is_one_person(provider: Provider) -> None:
    persons = provider.services.persons
    first, second = await enter_person(provider), await enter_person(provider, "second")
    real_name = RealName("111", NUMBER, "张小明")
    await persons.bind_real_name(first, real_name, 3)
    await persons.bind_real_name(first, real_name, 3)
    with pytest.raises(Conflict, match="already belongs to another account"):
        await persons.bind_real_name(second, real_name, 3)
    with pytest.raises(Conflict, match="already bound to another ID number"):
        await persons.bind_real_name(first, RealName("111", "99010119850615112X", "张小明"), 3)


async def test_a_level_once_reached_is_not_lost(provider: Provider) -> None:
    person_id = await enter_person(provider)
    await provider.services.persons.bind_real_name(person_id, RealName("111", NUMBER, "张小明"), 4)
    await provider.services.persons.bind_real_name(person_id, RealName("111", NUMBER, "张小明"), 3)
    assert (await provider.services.persons.load(person_id)).assurance_level == 4


@pytest.mark.parametrize("username", ["x", "with space", "a" * 65, "semi;colon", ""])
async def test_an_odd_user_name_is_refused_by_name(provider: Provider, username: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await provider.services.persons.create(username, PASSWORD, "小明")
    assert [each.field for each in refusal.value.fields] == ["username"]


@pytest.mark.parametrize("password", ["short", "mingming", "x" * 257])
async def test_a_weak_password_is_refused_by_name(provider: Provider, password: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await provider.services.persons.create("mingming", password, "小明")
    assert [each.field for each in refusal.value.fields] == ["password"]


async def test_a_user_name_is_taken_in_every_spelling(provider: Provider) -> None:
    await enter_person(provider)
    with pytest.raises(Conflict):
        await enter_person(provider, "ＭＩＮＧ")


async def test_the_three_administrators_are_three_people(provider: Provider) -> None:
    with pytest.raises(InvalidInput, match="two administrator roles"):
        await provider.services.persons.create("root", PASSWORD, "管理员", ["system_admin", "audit_admin"])
    with pytest.raises(NotFound):
        await provider.services.persons.load_by_username("root")


async def test_people_are_listed_in_pages(provider: Provider) -> None:
    entered = [await enter_person(provider, f"person{number}") for number in range(5)]
    first = await provider.services.persons.list(limit=3)
    rest = await provider.services.persons.list(after=first[-1].id, limit=3)
    assert [person.id for person in (*first, *rest)] == entered


async def test_hashes_are_argon2id_and_salted() -> None:
    hasher = PasswordHasher(memory_kib=8, passes=1, threads=1)
    one, two = await hasher.hash(PASSWORD), await hasher.hash(PASSWORD)
    assert one.startswith("$argon2id$")
    assert one != two
    assert await hasher.matches(one, PASSWORD)
    assert not await hasher.matches(one, PASSWORD + "!")
    assert not await hasher.matches(None, "nobody has this password")
    assert not await hasher.matches("not a hash", PASSWORD)
    hasher.close()
