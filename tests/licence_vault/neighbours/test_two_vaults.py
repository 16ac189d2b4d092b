"""A city's vault and a province's, each a running service: what the city issues is found, fetched and verified above."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.houses import CITIZEN_NAME, CITIZEN_NUMBER, FOOD, food_order
from tests.licence_vault.neighbours.vaults import Place, Program, prepare, service, until
from tests.servers import spare_port

LEGAL = {"kind": "legal", "reference": "《食品安全法》第三十五条"}
CALL = {
    "purpose": "办理食品经营许可延续",
    "basis": LEGAL,
    "matter": {"name": "食品经营许可延续", "code": "11370100-XK-012", "number": "SL-2026-000017"},
    "officer": "王明远",
}
QUERY = {**CALL, "type": FOOD, "holder": {"id_type": "111", "number": CITIZEN_NUMBER}}


@dataclass(frozen=True)
class Vaults:
    """Both places and the programs there."""

    city: Place
    province: Place
    issuer: Program
    asker: Program

    def issue(self, number: str) -> dict[str, Any]:
        order = food_order()
        order["fields"] = order["fields"] | {"licence_number": number}
        answer = self.issuer.post("/api/v1/licences", order)
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def ask(self, operation: str, **more: Any) -> httpx.Response:
        return self.asker.post(f"/api/v1/sharing/{operation}", {**CALL, **more})

    def found(self) -> dict[str, str]:
        """The status of each licence of the holder, by identifier, as the province tells."""
        answer = self.asker.post("/api/v1/sharing/query", QUERY)
        assert answer.status_code == 200, answer.text
        return {each["identifier"]: each["status"] for each in answer.json()["licences"]}


@pytest.fixture(scope="module")
def vaults(tmp_path_factory: pytest.TempPathFactory) -> Vaults:
    """Neither runs yet."""
    import asyncio

    city = Place(tmp_path_factory.mktemp("city"), spare_port())
    province = Place(tmp_path_factory.mktemp("province"), spare_port())
    programs = asyncio.run(prepare(city, province))
    issuer = Program(city, "issuer", programs["issuer"], "licence:read licence:issue licence:manage")
    return Vaults(city, province, issuer, Program(province, "asker", programs["asker"], "licence:share"))


@pytest.fixture
def above(vaults: Vaults) -> Iterator[None]:
    """The province runs."""
    with service(vaults.province):
        yield


@pytest.mark.usefixtures("above")
def test_what_a_city_issues_is_found_fetched_and_verified_through_the_province(vaults: Vaults) -> None:
    with service(vaults.city):
        licence = vaults.issue("JY19900000000017")
        identifier = licence["identifier"]
        until(lambda: vaults.found().get(identifier) == "valid", "the province never heard of the licence")

        fetched = vaults.ask("fetch", identifier=identifier, fields=["premises"], copy="ofd")
        assert fetched.status_code == 200, fetched.text
        told = fetched.json()
        assert told["code"] == 0
        assert told["fields"] == {"premises": "虚构市文昌路 18 号 1 层"}
        assert told["vault"]["name"] == "虚构市政务服务数据管理局"
        copy = base64.b64decode(told["copy"]["content"])
        assert hashlib.sha256(copy).hexdigest() == told["copy"]["sha256"]

        assert vaults.ask("verify", identifier=identifier, data={"premises": "别处"}).json()["code"] == 6
        known = vaults.ask("verify", file_sha256=told["copy"]["sha256"]).json()
        assert (known["code"], known["kind"]) == (0, "copy")

        cause = {"cause": "查处后吊销", "cause_code": "07"}
        assert vaults.issuer.post(f"/api/v1/licences/{licence['id']}/revoke", cause).status_code == 200
        assert vaults.found()[identifier] == "revoked", "the city itself is asked"
        assert vaults.ask("verify", file_sha256=told["copy"]["sha256"]).json()["code"] == 2


@pytest.mark.usefixtures("above")
def test_the_city_is_away_and_the_province_says_so(vaults: Vaults) -> None:
    with service(vaults.city):
        identifier = vaults.issue("JY19900000000025")["identifier"]
        until(lambda: identifier in vaults.found(), "the province never heard of the licence")
    answer = vaults.asker.post("/api/v1/sharing/query", QUERY).json()
    assert answer == {"code": 2, "licences": [], "unanswered": ["虚构市政务服务数据管理局"]}
    fetched = vaults.ask("fetch", identifier=identifier, fields=["premises"])
    assert fetched.status_code == 503
    assert fetched.json()["type"] == "urn:xinyin:problem:neighbour-away"
    assert fetched.json()["detail"] == "虚构市政务服务数据管理局 does not answer. Try again later."


def test_what_happened_while_the_province_was_away_is_told_when_it_is_back(vaults: Vaults) -> None:
    with service(vaults.city):
        identifiers = {vaults.issue(f"JY1990000000010{number}")["identifier"] for number in range(3)}
        with service(vaults.province):
            until(lambda: identifiers <= vaults.found().keys(), "the province never caught up")


def test_nothing_above_tells_whose_a_licence_is(vaults: Vaults) -> None:
    kept = (vaults.province.directory / "xinyin.db").read_bytes()
    wal = vaults.province.directory / "xinyin.db-wal"
    kept += wal.read_bytes() if wal.exists() else b""
    assert FOOD.encode() in kept, "the directory is there"
    for secret in (CITIZEN_NUMBER, CITIZEN_NAME, "文昌路"):
        assert secret.encode() not in kept
