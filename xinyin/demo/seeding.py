"""Entering the demo's data once, through the same services that everybody uses."""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp

from idp.persons.person import RealName
from kernel.audit.chain import Actor
from kernel.errors import Conflict
from licence_vault.caller import Issuer
from licence_vault.issuing.service import Requester
from licence_vault.licences.licence import Licence
from seal.seals.application import SealApplication
from seal.seals.service import Officer
from xinyin.demo.clients import CLIENTS
from xinyin.demo.people import (
    ACCOUNTS,
    AGENCY_NAME,
    AGENCY_USCC,
    COMPANY_NAME,
    COMPANY_REPRESENTATIVE,
    COMPANY_USCC,
    REPRESENTATIVE_ID_NUMBER,
    REPRESENTATIVE_NAME,
    Account,
)
from xinyin.house import House

_WORDS = "amber birch cedar delta ember fjord grove heron ivory jade kelp lotus maple north olive pearl quartz river"


@dataclass(frozen=True)
class Seeded:
    """What was entered: the accounts by role with their ids, and the description for `demo.json`."""

    description: dict[str, Any]
    person_ids: dict[str, str]


async def seed(house: House) -> Seeded:
    """Enter everything. Call once, on an empty house."""
    agency = await house.idp.organisations.create(AGENCY_USCC, AGENCY_NAME, "agency")
    await house.idp.organisations.create(COMPANY_USCC, COMPANY_NAME, "enterprise")
    accounts, ids = [], {}
    for account in ACCOUNTS:
        entry, ids[account.role] = await _enter_account(house, account)
        accounts.append(entry)
    await house.idp.organisations.add_member(COMPANY_USCC, ids["citizen"], COMPANY_REPRESENTATIVE)
    await house.idp.mandates.enter_representative(COMPANY_USCC, ids["citizen"])
    clients = [await _enter_client(house, role) for role in CLIENTS]
    await _make_seal(house, ids)
    requester = Requester(Actor("user", ids["officer"]), Issuer(agency.uscc, agency.name))
    licences = [await house.licence_vault.issuing.issue(body, requester) for body in await _orders(house)]
    description = {
        "base_url": house.settings.public_url,
        "gateway_url": house.settings.gateway_url,
        "accounts": accounts,
        "clients": clients,
        "licence_types": await _types(house),
        "licences": [_told(licence) for licence in licences],
        "apps": [],
        "trust_dir": str(house.settings.trust_directory.resolve()),
    }
    return Seeded(description, ids)


def write_description(path: Path, description: dict[str, Any]) -> None:
    """Write `demo.json`, readable by its owner alone: it holds the demo's passwords."""
    aside = path.with_suffix(".new")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(description, file, ensure_ascii=False, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


async def _enter_account(house: House, account: Account) -> tuple[dict[str, str], str]:
    password = _password()
    person = await house.idp.persons.create(
        account.username, password, account.display_name, roles=account.roles, locale="zh_CN"
    )
    entry = {"role": account.role, "username": account.username, "password": password}
    if account.needs_second_factor:
        entry["totp_secret"] = pyotp.random_base32()
        await house.idp.totp.enrol(person.id, entry["totp_secret"])
    if account.of_agency:
        await house.idp.organisations.add_member(AGENCY_USCC, person.id, account.role)
    if account.id_number:
        real_name = RealName(name=account.real_name, id_type="111", id_number=account.id_number)
        await house.idp.persons.bind_real_name(person.id, real_name, 3)
    return entry, person.id


async def _enter_client(house: House, role: str) -> dict[str, Any]:
    registration = CLIENTS[role]
    client, secret = await house.idp.clients.create(registration)
    return {
        "role": role,
        "client_id": client.client_id,
        "client_secret": secret,
        "redirect_uris": list(registration.redirect_uris),
        "scopes": list(registration.scopes),
    }


async def _make_seal(house: House, ids: dict[str, str]) -> None:
    applicant = Officer(Actor("user", ids["officer"]), AGENCY_USCC)
    approver = Officer(Actor("user", ids["approver"]), AGENCY_USCC)
    seal = await house.seal.register.apply(applicant, SealApplication(AGENCY_NAME, AGENCY_USCC, AGENCY_NAME))
    await house.seal.register.approve(approver, seal.id)


async def _orders(house: House) -> list[dict[str, Any]]:
    """A licence of every kind that the citizen may hold, two to the company, a food licence to the representative."""
    types = {each.name: each for each in await house.licence_vault.catalogue.list()}
    citizen = next(account for account in ACCOUNTS if account.role == "citizen")
    person = {"kind": "natural", "id_type": "111", "number": citizen.id_number, "name": citizen.real_name}
    representative = person | {"number": REPRESENTATIVE_ID_NUMBER, "name": REPRESENTATIVE_NAME}
    company = {"kind": "legal", "id_type": "001", "number": COMPANY_USCC, "name": COMPANY_NAME}
    wanted = [(name, person) for name in ("食品经营许可证", "不动产权证书", "二级建造师注册证书", "出生医学证明")]
    wanted.append(("食品经营许可证", representative))
    wanted += [(name, company) for name in ("食品经营许可证", "公共场所卫生许可证", "营业执照")]
    return [_order(types[name], holder, _signatory(holder)) for name, holder in wanted]


def _signatory(holder: dict[str, str]) -> str:
    return REPRESENTATIVE_NAME if holder["kind"] == "legal" else holder["name"]


def _order(licence_type: Any, holder: dict[str, str], representative: str) -> dict[str, Any]:
    fields = dict(licence_type.example)
    if "legal_representative" in fields:
        fields["legal_representative"] = representative
    if str(fields.get("licence_number", "")).startswith("JY"):
        fields["licence_number"] = "JY" + "".join(secrets.choice("0123456789") for _ in range(14))
    return {"type": licence_type.code, "holder": holder, "fields": fields}


async def _types(house: House) -> list[dict[str, Any]]:
    holders = {
        "001": {"kind": "legal", "id_type": "001", "number": COMPANY_USCC, "name": COMPANY_NAME},
        "111": {"kind": "natural", "id_type": "111", "number": REPRESENTATIVE_ID_NUMBER, "name": REPRESENTATIVE_NAME},
    }
    return [
        {"code": each.code, "name": each.name, "example": each.example_order(holders)}
        for each in await house.licence_vault.catalogue.list()
    ]


def _told(licence: Licence) -> dict[str, str]:
    return {"id": licence.id, "identifier": licence.identifier, "qr": licence.qr}


def _password() -> str:
    """Easy to type from a screen: three words and four digits, about 26 bits, behind limits and on loopback."""
    words = _WORDS.split()
    digits = "".join(secrets.choice("0123456789") for _ in range(4))
    return "-".join([*(secrets.choice(words) for _ in range(3)), digits])


def check_untouched(path: Path) -> dict[str, Any] | None:
    """The description of an earlier start; None when there was none. Raises `Conflict` when it cannot be read."""
    if not path.exists():
        return None
    try:
        description: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as failure:
        raise Conflict("{path} is damaged. Start afresh with RESET=1.", path=path) from failure
    return description
