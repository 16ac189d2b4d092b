"""Several licences issued in one step: each as if it had been issued alone, none taking another with it."""

from typing import Any

import pytest
from sqlalchemy import event, text

from kernel.audit.verification import verify_chains
from kernel.errors import Conflict, InvalidInput, Unavailable
from licence_vault.issuing.service import KeyedOrder
from licence_vault.licences.licence import Licence
from seal.validation.report import Indication
from seal.validation.service import validate_document
from tests.houses import TestHouse, food_order

MANY = 12


def orders(count: int = MANY, **changes: Any) -> list[KeyedOrder]:
    return [KeyedOrder(f"row-{number}", food_order(**changes)) for number in range(count)]


async def column(world: TestHouse, statement: str) -> list[Any]:
    async with world.house.foundation.database.reading() as session:
        return list((await session.execute(text(statement))).scalars())


async def test_each_is_sealed_kept_and_logged_as_if_alone(any_world: TestHouse) -> None:
    vault = any_world.house.licence_vault
    made = await vault.issuing.issue_all(orders(), any_world.requester())
    assert len({each.id for each in made if isinstance(each, Licence)}) == MANY
    trust = await any_world.house.seal.publication.trust_store()
    for each in made:
        assert isinstance(each, Licence)
        assert await vault.lookup.find_by_id(each.id) == each
        for format in ("ofd", "pdf"):
            report = validate_document(await vault.lookup.file(each, format), trust, at=any_world.clock())
            assert report.indication is Indication.PASSED
            assert report.signatures[0].covers_whole_document
        assert (await vault.ledger.proof(each.id)).opening is not None
    assert (await vault.ledger.check()).holds
    async with any_world.house.foundation.database.reading() as session:
        verdicts = await verify_chains(session, any_world.house.foundation.audit_key)
    assert all(verdict.holds for verdict in verdicts)


async def test_every_signature_has_its_own_intent_and_use(any_world: TestHouse) -> None:
    made = await any_world.house.licence_vault.issuing.issue_all(orders(), any_world.requester())
    purposes = sorted(f"licence:{each.id}" for each in made if isinstance(each, Licence) for _format in range(2))
    assert sorted(await column(any_world, "SELECT purpose FROM seal_intent WHERE state = 'done'")) == purposes
    assert sorted(await column(any_world, "SELECT purpose FROM seal_use")) == purposes
    outputs = sorted(await column(any_world, "SELECT output_digest FROM seal_intent"))
    assert outputs == sorted(await column(any_world, "SELECT digest FROM seal_use"))
    stored = await column(any_world, "SELECT ofd_digest FROM vault_licence")
    assert outputs == sorted([*stored, *await column(any_world, "SELECT pdf_digest FROM vault_licence")])


async def test_one_that_is_wrong_takes_no_other_with_it(world: TestHouse) -> None:
    wrong = food_order()
    wrong["fields"] = wrong["fields"] | {"premises": "虚构市\u200b"}  # nobody could see it: refused when drawn
    several = [*orders(3), KeyedOrder("wrong", wrong), KeyedOrder("nothing", {}), KeyedOrder("last", food_order())]
    made = await world.house.licence_vault.issuing.issue_all(several, world.requester())
    assert [isinstance(each, Licence) for each in made] == [True, True, True, False, False, True]
    assert len(await column(world, "SELECT id FROM vault_licence")) == 4


async def test_the_same_keys_lead_to_the_same_licences(any_world: TestHouse) -> None:
    issuing = any_world.house.licence_vault.issuing
    first = await issuing.issue_all(orders(4), any_world.requester())
    again = await issuing.issue_all(orders(6), any_world.requester())
    assert again[:4] == first
    assert len(await column(any_world, "SELECT id FROM vault_licence")) == 6
    with pytest.raises(Conflict):
        await issuing.issue_all(orders(1, valid_to="2040-01-01"), any_world.requester())


async def test_what_cannot_be_kept_leaves_nothing_but_intents_that_say_so(
    any_world: TestHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuing = any_world.house.licence_vault.issuing

    async def away(*_a: Any, **_k: Any) -> list[str]:
        raise Unavailable("The store of files is away.")

    with monkeypatch.context() as patch:
        patch.setattr(any_world.house.foundation.blobs, "put_all", away)
        with pytest.raises(Unavailable):
            await issuing.issue_all(orders(3), any_world.requester())
    assert await column(any_world, "SELECT id FROM vault_licence") == []
    assert len(await column(any_world, "SELECT digest FROM seal_use")) == 6
    assert all(isinstance(each, Licence) for each in await issuing.issue_all(orders(3), any_world.requester()))


async def test_a_licence_costs_few_statements(any_world: TestHouse) -> None:
    issuing, statements = any_world.house.licence_vault.issuing, []
    await issuing.issue_all(orders(1), any_world.requester())
    engine = any_world.house.foundation.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *said: statements.append(said[2]))
    await issuing.issue_all([KeyedOrder(f"more-{each.key}", each.body) for each in orders(24)], any_world.requester())
    assert len(statements) < 60


async def test_nothing_asked_is_nothing_done(world: TestHouse) -> None:
    issuing = world.house.licence_vault.issuing
    assert await issuing.issue_all([], world.requester()) == []
    (refusal,) = await issuing.issue_all([KeyedOrder("empty", {})], world.requester())
    assert isinstance(refusal, InvalidInput)
    assert await column(world, "SELECT id FROM seal_intent") == []
