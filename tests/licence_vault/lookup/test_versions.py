"""The chain of a licence's versions, and why each stands as it does by the national codes."""

from datetime import timedelta
from typing import Any

import pytest

from kernel.audit.search import AuditQuery, search_events
from kernel.errors import InvalidInput
from kernel.i18n import DISPLAY_ZONE
from kernel.ids.licence_identifier import LicenceIdentifier
from licence_vault.issuing.changes import Cause
from licence_vault.licences.licence import effective_cause
from tests.houses import AGENCY, TestHouse, food_order
from tests.licence_vault.api import URL, Service, issue, problem


async def test_every_version_tells_the_whole_chain(service: Service) -> None:
    chain = [await issue(service.agency)]
    for number in (1, 2):
        fields = food_order()["fields"] | {"premises": f"虚构市文昌路 {number} 号"}
        answer = await service.agency.post(f"{URL}/{chain[-1]['id']}/reissue", json={"fields": fields})
        assert answer.status_code == 201, answer.text
        chain.append(answer.json())
    for each in chain:
        told = (await service.agency.get(f"{URL}/{each['id']}/versions")).json()["versions"]
        assert [(one["id"], one["version"]) for one in told] == [(one["id"], i + 1) for i, one in enumerate(chain)]
        assert [one["status"] for one in told] == ["superseded", "superseded", "valid"]
        assert [one["superseded_by"] for one in told] == [chain[1]["id"], chain[2]["id"], None]
    problem(await service.other.get(f"{URL}/{chain[0]['id']}/versions"), 404)


async def test_why_a_version_was_issued_is_kept_and_told(service: Service) -> None:
    chain = [await issue(service.agency)]
    kinds = ["change", "renew", "replace", "exchange", "correct"]
    for kind in kinds:
        body = {} if kind == "change" else {"change": kind}
        answer = await service.agency.post(f"{URL}/{chain[-1]['id']}/reissue", json=body)
        assert answer.status_code == 201, answer.text
        chain.append(answer.json())
    told = (await service.agency.get(f"{URL}/{chain[0]['id']}/versions")).json()["versions"]
    assert [one["change"] for one in told] == ["issue", *kinds]
    number = LicenceIdentifier.parse(chain[-1]["identifier"])
    assert (number.version, number.serial) == (6, LicenceIdentifier.parse(chain[0]["identifier"]).serial)
    events = await audit(service, "licence.issue", f"licence:{chain[-1]['id']}")
    assert [event.detail["change"] for event in events] == ["correct"]
    answer = await service.agency.post(f"{URL}/{chain[-1]['id']}/reissue", json={"change": "other"})
    assert [each["field"] for each in problem(answer, 400)["errors"]] == ["change"]


async def audit(service: Service, action: str, subject: str) -> list[Any]:
    async with service.world.house.foundation.database.reading() as session:
        found = await search_events(session, AuditQuery(action=action))
    return [event for event in found if event.subject_ref == subject]


@pytest.mark.parametrize(
    ("action", "given", "code"),
    [("suspend", "", "02"), ("revoke", "04", "04"), ("revoke", "", "03"), ("revoke", "07", "07")],
)
async def test_the_cause_code_is_kept_and_told(service: Service, action: str, given: str, code: str) -> None:
    licence = await issue(service.agency)
    body = {"cause": "依法处理"} | ({"cause_code": given} if given else {})
    answer = await service.agency.post(f"{URL}/{licence['id']}/{action}", json=body)
    assert answer.json()["cause_code"] == code
    assert (await service.agency.get(f"{URL}/{licence['id']}")).json()["cause_code"] == code


async def test_a_code_that_does_not_belong_to_the_act_is_refused(world: TestHouse) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    for action, code in (("suspend", "07"), ("revoke", "01"), ("revoke", "xx")):
        with pytest.raises(InvalidInput) as refusal:
            await vault.changes.apply(action, licence.id, AGENCY.uscc, Cause("因", code), world.requester().actor)
        assert [error.field for error in refusal.value.fields] == ["cause_code"]


async def test_a_period_that_is_over_means_lapsed(world: TestHouse) -> None:
    licence = await world.house.licence_vault.issuing.issue(food_order(), world.requester())
    assert licence.valid_to is not None
    today = world.clock().astimezone(DISPLAY_ZONE).date()
    assert effective_cause(licence, today) == "01"
    assert effective_cause(licence, licence.valid_to) == "01"
    assert effective_cause(licence, licence.valid_to + timedelta(days=1)) == "05"
