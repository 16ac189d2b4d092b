"""The agency's API as programs meet it: who may do what, issuing, changing, publishing types."""

import json
import re
from datetime import datetime
from typing import Any

import pytest

from kernel.ids.licence_identifier import LicenceIdentifier
from licence_vault.catalogue.service import SHIPPED
from tests.demo_house import new_key
from tests.houses import AGENCY, FOOD, OTHER_AGENCY, food_order
from tests.licence_vault.api import MEMBERS, URL, Service, issue, problem

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TestIssuing:
    async def test_the_answer_has_the_shape_of_the_contract(self, service: Service) -> None:
        answer = await service.agency.post(URL, json=food_order())
        told = answer.json()
        assert (answer.status_code, set(told)) == (201, MEMBERS)
        assert (told["version"], told["status"], told["type"]) == (1, "valid", FOOD)
        assert str(LicenceIdentifier.parse(told["identifier"])) == told["identifier"]
        assert datetime.fromisoformat(told["issued_at"]).utcoffset() is not None
        assert re.fullmatch("[0-9a-f]{64}", told["content_digest"])
        base = service.world.house.settings.public_url
        assert told["files"] == {f: f"{base}{URL}/{told['id']}/file?format={f}" for f in ("ofd", "pdf")}
        assert re.fullmatch(rf"{re.escape(base.upper())}/V/[0-9A-Z]+#[A-Z2-7]+", told["qr"])
        assert answer.headers["location"] == f"{URL}/{told['id']}"
        assert answer.headers["cache-control"] == "no-store"

    async def test_the_same_key_and_body_give_the_same_answer_even_after_a_change(self, service: Service) -> None:
        key = new_key()
        first = await issue(service.agency, key)
        answer = await service.agency.post(f"{URL}/{first['id']}/revoke", json={"cause": "查处"})
        assert answer.status_code == 200
        assert await issue(service.agency, key) == first

    async def test_the_order_of_members_does_not_make_another_body(self, service: Service) -> None:
        key, body = new_key(), food_order()
        first = await issue(service.agency, key)
        turned = json.dumps(dict(reversed(body.items())), ensure_ascii=True, indent=3)
        again = await service.agency.post(URL, content=turned, headers={"Idempotency-Key": key})
        assert (again.status_code, again.json()) == (201, first)

    async def test_the_same_key_with_another_body_is_a_conflict(self, service: Service) -> None:
        key = new_key()
        await issue(service.agency, key)
        answer = await service.agency.post(URL, json=food_order(valid_to=None), headers={"Idempotency-Key": key})
        assert "Idempotency-Key" in problem(answer, 409)["detail"]

    async def test_keys_of_two_agencies_do_not_meet(self, service: Service) -> None:
        key = new_key()
        first, second = await issue(service.agency, key), await issue(service.other, key)
        assert first["id"] != second["id"]

    async def test_without_a_key_every_call_issues(self, service: Service) -> None:
        assert (await issue(service.agency))["id"] != (await issue(service.agency))["id"]

    async def test_an_endless_key_is_refused(self, service: Service) -> None:
        answer = await service.agency.post(URL, json=food_order(), headers={"Idempotency-Key": "k" * 201})
        assert [each["field"] for each in problem(answer, 400)["errors"]] == ["Idempotency-Key"]

    async def test_every_wrong_entry_is_named_in_the_callers_language(self, service: Service) -> None:
        body = food_order(fields=food_order()["fields"] | {"licence_number": "JY1", "premises": ""})
        for language, words in (("en", "Fill in Place of business."), ("zh-CN", "请填写经营场所。")):
            answer = await service.agency.post(URL, json=body, headers={"Accept-Language": language})
            told = {each["field"]: each["detail"] for each in problem(answer, 400)["errors"]}
            assert told["fields.premises"] == words
            assert set(told) == {"fields.premises", "fields.licence_number"}

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "type"),
            ({"type": 7}, "type"),
            ({"type": FOOD}, "holder"),
            (food_order(fields=[]), "fields"),
            (food_order(holder={"kind": "natural"}), "holder.number"),
            (food_order(valid_to="2026-13-01"), "valid_to"),
            (food_order(extra=1), "extra"),
            (food_order(fields=food_order()["fields"] | {"signatory": "\ufeff周"}), "fields.signatory"),
        ],
    )
    async def test_a_wrong_body_is_refused_at_its_field(self, service: Service, body: Any, field: str) -> None:
        answer = await service.agency.post(URL, json=body)
        assert field in [each["field"] for each in problem(answer, 400)["errors"]]

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"type": "\\ud800"}'])
    async def test_what_is_not_a_json_object_is_refused(self, service: Service, content: bytes) -> None:
        problem(await service.agency.post(URL, content=content), 400)

    async def test_too_much_is_refused(self, service: Service) -> None:
        answer = await service.agency.post(URL, content=b'{"type": "' + b"x" * 300_000 + b'"}')
        assert answer.status_code in (400, 413)

    async def test_an_unknown_type_is_not_found(self, service: Service) -> None:
        problem(await service.agency.post(URL, json=food_order(type="11990000MB0000000J999")), 404)

    async def test_a_day_that_is_none_is_refused(self, service: Service) -> None:
        business = json.loads((SHIPPED / "business-licence.json").read_text(encoding="utf-8"))
        holder = {"kind": "legal", "id_type": "001", "number": AGENCY.uscc, "name": "某公司"}
        body = {"type": business["code"], "holder": holder, "fields": business["example"] | {"established_on": "soon"}}
        answer = await service.agency.post(URL, json=body)
        assert [each["field"] for each in problem(answer, 400)["errors"]] == ["fields.established_on"]


class TestWhoMay:
    @pytest.mark.parametrize(
        ("method", "path"),
        [("POST", URL), ("GET", URL), ("GET", f"{URL}/x"), ("POST", f"{URL}/x/revoke"), ("GET", "/api/v1/me/licences")],
    )
    async def test_nobody_without_a_token(self, service: Service, method: str, path: str) -> None:
        answer = await service.anyone.request(method, path)
        problem(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")

    @pytest.mark.parametrize("token", ["Bearer x", "Bearer a.b.c", "Bearer ", "Basic eDp5"])
    async def test_nobody_with_a_made_up_token(self, service: Service, token: str) -> None:
        problem(await service.anyone.get(URL, headers={"Authorization": token}), 401)

    async def test_who_may_read_may_not_issue_or_change(self, service: Service) -> None:
        made = await issue(service.agency)
        problem(await service.reader.post(URL, json=food_order()), 403)
        problem(await service.reader.post(f"{URL}/{made['id']}/revoke", json={"cause": "x"}), 403)
        problem(await service.reader.post(f"{URL}/{made['id']}/reissue", json={}), 403)
        problem(await service.reader.post("/api/v1/licence-types", json={}), 403)
        assert (await service.reader.get(f"{URL}/{made['id']}")).status_code == 200

    async def test_who_acts_for_no_authority_may_not_issue(self, service: Service) -> None:
        problem(await service.private.post(URL, json=food_order()), 403)

    async def test_another_authority_cannot_change_and_cannot_tell_that_it_is_there(self, service: Service) -> None:
        made = await issue(service.agency)
        problem(await service.other.post(f"{URL}/{made['id']}/revoke", json={"cause": "x"}), 403)
        there = problem(await service.other.get(f"{URL}/{made['id']}"), 404)
        nowhere = problem(await service.other.get(f"{URL}/{'0' * 32}"), 404)
        assert (there["type"], there["title"], there["detail"]) == (
            nowhere["type"],
            nowhere["title"],
            nowhere["detail"],
        )
        problem(await service.other.get(f"{URL}/{made['id']}/file?format=pdf"), 404)

    async def test_an_agencys_program_has_no_licences_of_its_own(self, service: Service) -> None:
        answer = await service.agency.get("/api/v1/me/licences")
        assert (answer.status_code, answer.json()) == (200, {"licences": []})


class TestChanging:
    async def test_suspend_resume_and_revoke(self, service: Service) -> None:
        made = await issue(service.agency)
        for action, status in (("suspend", "suspended"), ("resume", "valid"), ("revoke", "revoked")):
            answer = await service.agency.post(f"{URL}/{made['id']}/{action}", json={"cause": "查处"})
            assert (answer.status_code, answer.json()["status"]) == (200, status)
            assert (await service.agency.get(f"{URL}/{made['id']}")).json()["status"] == status
        for action in ("suspend", "resume"):
            problem(await service.agency.post(f"{URL}/{made['id']}/{action}", json={"cause": "x"}), 409)
        again = await service.agency.post(f"{URL}/{made['id']}/revoke", json={"cause": "查处"})
        assert (again.status_code, again.json()["status"]) == (200, "revoked")

    @pytest.mark.parametrize("body", [{}, {"cause": "  "}, {"cause": "长" * 201}])
    async def test_revoking_takes_a_cause_of_some_words(self, service: Service, body: dict[str, str]) -> None:
        made = await issue(service.agency)
        answer = await service.agency.post(f"{URL}/{made['id']}/revoke", json=body)
        assert [each["field"] for each in problem(answer, 400)["errors"]] == ["cause"]
        assert (await service.agency.get(f"{URL}/{made['id']}")).json()["status"] == "valid"

    async def test_resuming_takes_no_body(self, service: Service) -> None:
        made = await issue(service.agency)
        await service.agency.post(f"{URL}/{made['id']}/suspend", json={"cause": "查处"})
        assert (await service.agency.post(f"{URL}/{made['id']}/resume")).json()["status"] == "valid"

    async def test_a_licence_that_is_not_there_cannot_be_changed(self, service: Service) -> None:
        problem(await service.agency.post(f"{URL}/{'0' * 32}/revoke", json={"cause": "x"}), 404)
        problem(await service.agency.post(f"{URL}/{'0' * 32}/reissue", json={}), 404)

    async def test_a_reissue_is_the_next_version_and_may_be_retried(self, service: Service) -> None:
        made, key = await issue(service.agency), new_key()
        body = {"fields": food_order()["fields"] | {"premises": "虚构市新址 1 号"}}
        path, headers = f"{URL}/{made['id']}/reissue", {"Idempotency-Key": key}
        answers = [await service.agency.post(path, json=body, headers=headers) for _ in range(2)]
        assert [each.status_code for each in answers] == [201, 201]
        told = answers[0].json()
        assert answers[1].json() == told
        assert (set(told), told["version"]) == (MEMBERS, 2)
        before = (await service.agency.get(f"{URL}/{made['id']}")).json()
        assert (before["status"], before["superseded_by"]) == ("superseded", told["id"])
        assert (await service.agency.get(f"{URL}/{told['id']}")).json()["fields"]["premises"] == "虚构市新址 1 号"

    async def test_what_the_file_says_after_revocation_is_seen_at_once(self, service: Service) -> None:
        made = await issue(service.agency)
        data = (await service.agency.get(made["files"]["ofd"])).content
        await service.agency.post(f"{URL}/{made['id']}/revoke", json={"cause": "查处"})
        answer = await service.anyone.post("/api/v1/verifications", files={"file": ("licence.ofd", data)})
        assert answer.json()["indication"] == "TOTAL-FAILED"
        assert answer.json()["licence"]["status"] == "revoked"


class TestTypes:
    async def test_the_newest_types_are_listed_with_their_fields(self, service: Service) -> None:
        listed = (await service.reader.get("/api/v1/licence-types")).json()["licence_types"]
        food = next(each for each in listed if each["code"] == FOOD)
        assert {"code", "version", "name", "holder", "fields"} <= set(food)
        assert food["fields"]["properties"]["premises"]["x-labels"] == {"zh": "经营场所", "en": "Place of business"}

    async def test_a_type_is_published_once_and_can_be_issued_from(self, service: Service) -> None:
        document = json.loads((SHIPPED / "food-business.json").read_text(encoding="utf-8"))
        document |= {"code": "11990000MB0000000J777", "name": {"zh": "测试许可证", "en": "Test Licence"}}
        path = "/api/v1/licence-types"
        answer = await service.agency.post(path, json=document)
        assert (answer.status_code, answer.json()) == (201, {"code": document["code"], "version": 1})
        assert (await service.agency.post(path, json=document)).status_code == 201
        problem(await service.agency.post(path, json=document | {"name": {"zh": "别的许可证"}}), 409)
        made = await issue(service.agency, type=document["code"])
        assert made["type"] == document["code"]

    async def test_a_wrong_type_is_refused_with_the_place(self, service: Service) -> None:
        document = json.loads((SHIPPED / "food-business.json").read_text(encoding="utf-8"))
        answer = await service.agency.post("/api/v1/licence-types", json=document | {"version": "next"})
        assert [each["field"] for each in problem(answer, 400)["errors"]] == ["version"]

    async def test_only_the_authorities_that_a_type_names_may_issue_it(self, service: Service) -> None:
        document = json.loads((SHIPPED / "food-business.json").read_text(encoding="utf-8"))
        document |= {"code": "11990000MB0000000J778", "issuing_authorities": [AGENCY.uscc]}
        assert (await service.agency.post("/api/v1/licence-types", json=document)).status_code == 201
        await issue(service.agency, type=document["code"])
        problem(await service.other.post(URL, json=food_order(type=document["code"])), 403)

    async def test_nobody_publishes_the_next_version_of_anothers_type(self, service: Service) -> None:
        path = "/api/v1/licence-types"
        shipped = json.loads((SHIPPED / "food-business.json").read_text(encoding="utf-8"))
        taken_over = shipped | {"version": 99, "issuing_authorities": [OTHER_AGENCY.uscc]}
        problem(await service.other.post(path, json=taken_over), 403)
        problem(await service.private.post(path, json=shipped | {"code": "11990000MB0000000J770"}), 403)
        await issue(service.agency)

        own = shipped | {"code": "11990000MB0000000J779", "issuing_authorities": [AGENCY.uscc]}
        assert (await service.agency.post(path, json=own)).status_code == 201
        problem(await service.other.post(path, json=own | {"version": 2, "issuing_authorities": []}), 403)
        assert (await service.agency.post(path, json=own | {"version": 2})).status_code == 201


async def test_the_next_version_of_a_licence_keeps_its_type(service: Service) -> None:
    made = await issue(service.agency)
    other = next(
        each["code"]
        for each in (await service.agency.get("/api/v1/licence-types")).json()["licence_types"]
        if each["code"] != FOOD
    )
    refused = await service.agency.post(f"{URL}/{made['id']}/reissue", json={"type": other})
    assert [each["field"] for each in problem(refused, 400)["errors"]] == ["type"]
    assert (await service.agency.get(f"{URL}/{made['id']}")).json()["status"] == "valid"
