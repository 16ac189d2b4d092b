"""Credentials judged with a trust folder alone: keys, and the status lists that lie there."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.houses import AGENCY, TestHouse, food_order
from tests.licence_vault.forms.wallet import Wallet
from verify.cli import verify_offline
from verify.trust_list.directory import export_trust_list


async def folder(world: TestHouse, path: Path) -> Path:
    lists = await world.house.licence_vault.statuses.tokens()
    export_trust_list(await world.house.trust.published(), path, status_lists=lists)
    return path


async def test_a_credential_younger_than_the_list_is_judged_by_it_all_the_same(
    world: TestHouse, tmp_path: Path
) -> None:
    vault, wallet = world.house.licence_vault, Wallet()
    licence = await vault.issuing.issue(food_order(), world.requester())
    world.clock.advance(seconds=60)
    trust = await folder(world, tmp_path / "trust")
    world.clock.advance(seconds=60)
    credential = await vault.forms.sd_jwt(licence, wallet.public_key)
    for text in (credential.encode(), await vault.forms.signed_json(licence)):
        report = verify_offline(text, trust, world.clock)
        assert report.indication.value == "TOTAL-PASSED"
        assert {check.name: check.result.value for check in report.checks} == {
            "Validity": "PASSED",
            "Licence status": "PASSED",
        }


@pytest.mark.parametrize(("action", "verdict"), [("revoke", "TOTAL-FAILED"), ("suspend", "INDETERMINATE")])
async def test_bad_news_in_the_list_and_a_period_that_is_over_decide(
    world: TestHouse, tmp_path: Path, action: str, verdict: str
) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    credential = (await vault.forms.sd_jwt(licence)).encode()
    await vault.changes.apply(action, licence.id, AGENCY.uscc, "查处", world.requester().actor)
    world.clock.advance(seconds=60)
    trust = await folder(world, tmp_path / "trust")
    assert verify_offline(credential, trust, world.clock).indication.value == verdict
    late = world.clock() + timedelta(days=365 * 6)
    assert verify_offline(credential, trust, lambda: late).indication.value == "TOTAL-FAILED"


async def test_a_changed_or_foreign_credential_fails(world: TestHouse, tmp_path: Path) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    credential = await vault.forms.sd_jwt(licence)
    trust = await folder(world, tmp_path / "trust")
    changed = credential.replace("~", "~WyJhIiwgImIiLCAiYyJd~", 1).encode()
    assert verify_offline(changed, trust, world.clock).indication.value == "TOTAL-FAILED"
    (trust / "credential-keys.json").write_text("[]")
    assert verify_offline(credential.encode(), trust, world.clock).indication.value == "INDETERMINATE"
