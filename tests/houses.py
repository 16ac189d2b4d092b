"""A whole house for tests: real database, files, keys, seals; one agency with a seal, its officer's requester."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kernel.audit.chain import Actor
from licence_vault.caller import Issuer
from licence_vault.issuing.service import Requester
from seal.seals.application import SealApplication
from seal.seals.service import Officer
from xinyin.house import House, open_house
from xinyin.settings import load_settings

AGENCY = Issuer("11999999000010022Q", "虚构市市场监督管理局")
OTHER_AGENCY = Issuer("12999999400000018W", "虚构市图书馆")
CITIZEN_NUMBER, CITIZEN_NAME = "110101199003070011", "林小满"
COMPANY_NUMBER, COMPANY_NAME = "91999999MA02DE34XH", "虚构市青禾科技有限公司"
FOOD = "11990000MB0000000J001"


class TestClock:
    """The machine's time, moved by as much as a test says."""

    __test__ = False

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def advance(self, **by: float) -> None:
        self.offset += timedelta(**by)


@dataclass(frozen=True)
class TestHouse:
    """An opened house with an agency that can seal."""

    __test__ = False

    house: House
    clock: TestClock

    def requester(self, key: str = "", issuer: Issuer = AGENCY) -> Requester:
        return Requester(Actor("user", "officer"), issuer, key)


def food_order(**changes: Any) -> dict[str, Any]:
    """A right body of `POST /api/v1/licences`."""
    order = {
        "type": FOOD,
        "holder": {"kind": "natural", "id_type": "111", "number": CITIZEN_NUMBER, "name": CITIZEN_NAME},
        "fields": {
            "licence_number": "JY19900000000017",
            "legal_representative": "林小满",
            "residence": "虚构市文昌路 18 号",
            "premises": "虚构市文昌路 18 号 1 层",
            "business_form": "catering",
            "business_items": ["热食类食品制售"],
            "supervising_authority": "虚构市市场监督管理所",
            "signatory": "周明远",
        },
    }
    return order | changes


@asynccontextmanager
async def opened(directory: Path, database_url: str = "", **settings: Any) -> AsyncIterator[TestHouse]:
    """A house below `directory` with the agency's seal in use."""
    clock = TestClock()
    async with open_house(house_settings(directory, database_url, **settings), clock=clock) as house:
        if not await house.seal.register.seals(owner_uscc=AGENCY.uscc):
            await make_seal(house, AGENCY)
        yield TestHouse(house, clock)


def house_settings(directory: Path, database_url: str = "", **settings: Any) -> Any:
    """Everything below `directory`; SQLite unless said otherwise."""
    given: dict[str, Any] = {
        "database_url": database_url or f"sqlite+aiosqlite:///{directory / 'xinyin.db'}",
        "blob_url": f"file:{directory / 'blobs'}",
        "keys": f"file:{directory / 'keys'}",
        "key_state": directory / "key-state",
        "master_key_file": directory / "master.key",
        "trust_directory": directory / "trust",
    }
    return load_settings(**(given | settings))


async def make_seal(house: House, owner: Issuer) -> str:
    """A seal in use, applied for by one and approved by another."""
    application = SealApplication(owner.name, owner.uscc, owner.name)
    seal = await house.seal.register.apply(Officer(Actor("user", "applicant"), owner.uscc), application)
    await house.seal.register.approve(Officer(Actor("user", "approver"), owner.uscc), seal.id)
    return seal.id
