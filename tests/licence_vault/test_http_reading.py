"""The agency's API as programs meet it: licences, files, searches, the public log, the API's own description."""

import hashlib
import json
import re

import pytest

from tests.houses import AGENCY, CITIZEN_NUMBER, food_order
from tests.licence_vault.api import MEMBERS, URL, Service, issue, problem
from tests.licence_vault.layout.ofd_rules import complaints

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TestReading:
    async def test_a_licence_is_told_whole_to_its_issuer(self, service: Service) -> None:
        made, body = await issue(service.agency), food_order()
        answer = await service.agency.get(f"{URL}/{made['id']}")
        told = answer.json()
        assert {name: told[name] for name in MEMBERS} == made
        assert (told["holder"], told["fields"]) == (body["holder"], body["fields"])
        assert told["issuing_authority"] == {"uscc": AGENCY.uscc, "name": AGENCY.name}
        assert answer.headers["cache-control"] == "private, no-store"

    async def test_the_files_are_sealed_and_the_log_knows_their_digests(self, service: Service) -> None:
        made = await issue(service.agency)
        kinds = {"ofd": ("application/ofd", b"PK\x03\x04"), "pdf": ("application/pdf", b"%PDF-")}
        digests = {}
        for format, (media_type, begin) in kinds.items():
            answer = await service.agency.get(made["files"][format])
            assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
            assert answer.headers["content-disposition"] == f'attachment; filename="{made["identifier"]}.{format}"'
            assert answer.headers["cache-control"] == "private, no-store"
            assert answer.content.startswith(begin)
            assert (await service.agency.get(made["files"][format])).content == answer.content
            digests[format] = hashlib.sha256(answer.content).hexdigest()
        licence = await service.world.house.licence_vault.lookup.find_by_id(made["id"])
        assert licence is not None
        assert digests == {"ofd": licence.ofd_digest, "pdf": licence.pdf_digest}

    async def test_the_sealed_ofd_keeps_the_rules_of_the_format(self, service: Service) -> None:
        made = await issue(service.agency)
        assert complaints((await service.agency.get(made["files"]["ofd"])).content) == []

    @pytest.mark.parametrize("format", ["ofd", "pdf"])
    async def test_the_file_of_a_fresh_licence_passes_verification(self, service: Service, format: str) -> None:
        made = await issue(service.agency)
        data = (await service.agency.get(made["files"][format])).content
        answer = await service.anyone.post("/api/v1/verifications", files={"file": (f"licence.{format}", data)})
        report = answer.json()
        assert (answer.status_code, report["indication"]) == (200, "TOTAL-PASSED")
        assert report["licence"]["identifier"] == made["identifier"]

    async def test_another_format_is_refused(self, service: Service) -> None:
        made = await issue(service.agency)
        problem(await service.agency.get(f"{URL}/{made['id']}/file?format=docx"), 400)

    async def test_searching_by_holder_finds_masked_cards_of_ones_own_authority(self, service: Service) -> None:
        mine, theirs = await issue(service.agency), await issue(service.other)
        answer = await service.agency.get(URL, params={"holder_type": "natural", "holder_number": CITIZEN_NUMBER})
        listed = {each["id"]: each for each in answer.json()["licences"]}
        assert mine["id"] in listed
        assert theirs["id"] not in listed
        card = listed[mine["id"]]
        assert "fields" not in card
        assert card["holder"] == {"kind": "natural", "number": "*" * 14 + "0011", "name": "**满"}
        assert CITIZEN_NUMBER not in answer.text

    async def test_searching_without_a_number_pages_through_what_one_issued(self, service: Service) -> None:
        made = [await issue(service.other) for _ in range(3)]
        newest = (await service.other.get(URL)).json()["licences"]
        assert [each["id"] for each in newest[:3]] == [each["id"] for each in reversed(made)]
        older = (await service.other.get(URL, params={"before": made[1]["id"]})).json()["licences"]
        assert [each["id"] for each in older[:1]] == [made[0]["id"]]

    @pytest.mark.parametrize(
        "query",
        [
            {"holder_number": CITIZEN_NUMBER},
            {"holder_type": "cat", "holder_number": CITIZEN_NUMBER},
            {"holder_type": "natural", "holder_number": "110101199003070012"},
            {"holder_type": "001", "holder_number": "x"},
        ],
    )
    async def test_a_search_that_cannot_be_meant_is_refused(self, service: Service, query: dict[str, str]) -> None:
        problem(await service.agency.get(URL, params=query), 400)


class TestLog:
    async def test_the_proof_of_a_licence_holds_against_the_public_checkpoint(self, service: Service) -> None:
        made = await issue(service.agency)
        answer = await service.anyone.get(f"/log/entries/{made['id']}/proof")
        proof = answer.json()
        assert answer.status_code == 200
        origin, size, root, *_signature = (await service.anyone.get("/log/checkpoint")).text.splitlines()
        assert origin.endswith("/log")
        assert proof["tree_size"] == int(size)
        assert proof["checkpoint"].splitlines()[2] == root
        files = {f: (await service.agency.get(made["files"][f])).content for f in ("ofd", "pdf")}
        sealed = [hashlib.sha256(files[f]).hexdigest() for f in ("ofd", "pdf")]
        assert all(digest in json.dumps(proof) for digest in [made["content_digest"], *sealed])

    async def test_tiles_are_the_same_for_everyone_and_for_ever(self, service: Service) -> None:
        await issue(service.agency)
        size = int((await service.anyone.get("/log/checkpoint")).text.splitlines()[1])
        for path in (f"/log/tile/0/000.p/{size}", f"/log/tile/entries/000.p/{size}"):
            answer = await service.anyone.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/octet-stream")
            assert "immutable" in answer.headers["cache-control"]

    @pytest.mark.parametrize("path", ["/log/entries/nothing/proof", "/log/tile/9/000", "/log/tile/0/zzz"])
    async def test_what_the_log_does_not_hold_is_not_found(self, service: Service, path: str) -> None:
        answer = await service.anyone.get(path, headers={"Accept": "application/json"})
        problem(answer, 404)

    async def test_the_log_says_nothing_about_people(self, service: Service) -> None:
        made = await issue(service.agency)
        size = int((await service.anyone.get("/log/checkpoint")).text.splitlines()[1])
        bundle = (await service.anyone.get(f"/log/tile/entries/000.p/{size}")).content
        for secret in (made["identifier"], made["id"], CITIZEN_NUMBER, "林小满"):
            assert secret.encode() not in bundle


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/v1/licences", {"get", "post"}),
        ("/api/v1/licences/{licence_id}", {"get"}),
        ("/api/v1/licences/{licence_id}/file", {"get"}),
        *((f"/api/v1/licences/{{licence_id}}/{each}", {"post"}) for each in ("revoke", "suspend", "resume", "reissue")),
        ("/api/v1/licence-types", {"get", "post"}),
        ("/api/v1/me/licences", {"get"}),
        ("/api/v1/me/licences/{licence_id}/presentations", {"post"}),
        ("/api/v1/seals", {"post"}),
        *((f"/api/v1/seals/{{seal_id}}/{each}", {"post"}) for each in ("approve", "suspend", "resume", "revoke")),
        ("/api/v1/seals/{seal_id}/uses", {"get"}),
        ("/api/v1/seal-jobs", {"post"}),
        ("/api/v1/verifications", {"post"}),
        ("/api/v1/trust-list", {"get"}),
        ("/log/checkpoint", {"get"}),
        ("/log/tile/{level}/{address}", {"get"}),
        ("/log/entries/{id}/proof", {"get"}),
    ],
)
async def test_the_description_names_what_the_contract_promises(service: Service, path: str, methods: set[str]) -> None:
    description = (await service.anyone.get("/openapi.json")).json()
    assert description["openapi"].startswith("3.1")
    shapes = {re.sub(r"\{[^}]*\}", "{}", each): set(operations) for each, operations in description["paths"].items()}
    assert methods <= shapes.get(re.sub(r"\{[^}]*\}", "{}", path), set())
