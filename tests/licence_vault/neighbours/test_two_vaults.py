"""A city's vault and a province's, each a running service: what the city issues is found and fetched above."""

import asyncio
import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.houses import CITIZEN_NAME, CITIZEN_NUMBER, food_order
from tests.licence_vault.neighbours.vaults import Place, Program, prepare, service, until
from tests.servers import spare_port

HYGIENE = "11990000MB0000107X001"
LEGAL = {"kind": "legal", "reference": "《食品安全法》第三十五条"}
CALL = {
    "purpose": "办理食品经营许可延续",
    "basis": LEGAL,
    "matter": {"name": "食品经营许可延续", "code": "11370100-XK-012", "number": "SL-2026-000017"},
    "officer": "王明远",
}
QUERY = {**CALL, "type": HYGIENE, "holder": {"id_type": "111", "number": CITIZEN_NUMBER}}


@dataclass(frozen=True)
class Vaults:
    """Both places and the programs there."""

    city: Place
    province: Place
    issuer: Program
    asker: Program

    def issue(self, number: int) -> dict[str, Any]:
        """A licence of a type whose copies an agency may have by law."""
        fields = {"legal_representative": "林小满", "address": "虚构市文昌路 18 号", "items": ["bath"]}
        number_there = {"licence_number": f"示例卫公证字〔2026〕第{number:06}号"}
        order = food_order(type=HYGIENE, fields=fields | number_there)
        answer = self.issuer.post("/api/v1/licences", order)
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def ask(self, operation: str, **more: Any) -> httpx.Response:
        return self.asker.post(f"/api/v1/sharing/{operation}", {**CALL, **more})

    def await_entry(self, identifier: str) -> None:
        """Until the province knows which vault has a licence."""

        def is_there() -> bool:
            return self.ask("fetch", identifier=identifier, fields=["address"]).status_code == 200

        until(is_there, "the province never heard of the licence")

    def found(self) -> dict[str, str]:
        """The status of each licence of the holder, by identifier, as the province tells."""
        answer = self.asker.post("/api/v1/sharing/query", QUERY)
        assert answer.status_code == 200, answer.text
        return {each["identifier"]: each["status"] for each in answer.json()["licences"]}


@pytest.fixture(scope="module")
def vaults(tmp_path_factory: pytest.TempPathFactory) -> Vaults:
    """Neither runs yet."""
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
        licence = vaults.issue(17)
        identifier = licence["identifier"]
        vaults.await_entry(identifier)
        assert vaults.found()[identifier] == "valid"

        fetched = vaults.ask("fetch", identifier=identifier, fields=["address"], copy="ofd")
        assert fetched.status_code == 200, fetched.text
        told = fetched.json()
        assert told["code"] == 0
        assert told["fields"] == {"address": "虚构市文昌路 18 号"}
        assert told["vault"]["name"] == "虚构市政务服务数据管理局"
        copy = base64.b64decode(told["copy"]["content"])
        assert hashlib.sha256(copy).hexdigest() == told["copy"]["sha256"]

        assert vaults.ask("verify", identifier=identifier, data={"address": "别处"}).json()["code"] == 6
        known = vaults.ask("verify", file_sha256=told["copy"]["sha256"]).json()
        assert (known["code"], known["kind"]) == (0, "copy")

        cause = {"cause": "查处后吊销", "cause_code": "07"}
        assert vaults.issuer.post(f"/api/v1/licences/{licence['id']}/revoke", cause).status_code == 200
        assert vaults.found()[identifier] == "revoked", "the city itself is asked"
        assert vaults.ask("verify", file_sha256=told["copy"]["sha256"]).json()["code"] == 2


@pytest.mark.usefixtures("above")
def test_the_city_is_away_and_the_province_says_so(vaults: Vaults) -> None:
    with service(vaults.city):
        identifier = vaults.issue(25)["identifier"]
        vaults.await_entry(identifier)
    answer = vaults.asker.post("/api/v1/sharing/query", QUERY).json()
    assert answer == {"code": 2, "licences": [], "unanswered": ["虚构市政务服务数据管理局"]}
    fetched = vaults.ask("fetch", identifier=identifier, fields=["address"])
    assert fetched.status_code == 503
    assert fetched.json()["type"] == "urn:xinyin:problem:neighbour-away"
    assert fetched.json()["detail"] == "虚构市政务服务数据管理局 does not answer. Try again later."


def test_what_happened_while_the_province_was_away_is_told_when_it_is_back(vaults: Vaults) -> None:
    with service(vaults.city):
        identifiers = [vaults.issue(number)["identifier"] for number in range(3)]
        with service(vaults.province):
            for identifier in identifiers:
                vaults.await_entry(identifier)


def test_nothing_above_tells_whose_a_licence_is(vaults: Vaults) -> None:
    kept = (vaults.province.directory / "xinyin.db").read_bytes()
    wal = vaults.province.directory / "xinyin.db-wal"
    kept += wal.read_bytes() if wal.exists() else b""
    assert HYGIENE.encode() in kept, "the directory is there"
    for secret in (CITIZEN_NUMBER, CITIZEN_NAME, "文昌路"):
        assert secret.encode() not in kept
