"""What agencies get of other agencies' licences, and what they do not."""

import base64
import hashlib
import io
import re
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pypdfium2
import pytest

from kernel.ids.licence_identifier import LicenceIdentifier
from tests.houses import CITIZEN_NAME, CITIZEN_NUMBER, FOOD, OTHER_AGENCY
from tests.licence_vault.api import problem
from tests.licence_vault.layout.metadata_reading import attached_to_ofd, attached_to_pdf, in_ofd, in_xml, in_xmp
from tests.licence_vault.sharing.conftest import GRANT, LEGAL, MATTER, OTHER_NUMBER, PURPOSE, Sharers, call

pytestmark = pytest.mark.asyncio(loop_scope="module")
QUERY, FETCH, VERIFY = (f"/api/v1/sharing/{name}" for name in ("query", "fetch", "verify"))
HOLDER = {"id_type": "111", "number": CITIZEN_NUMBER}


async def test_a_query_tells_identifiers_and_status_and_nothing_personal(sharers: Sharers) -> None:
    licence = await sharers.issue()
    answer = await sharers.asker.post(QUERY, json=call(type=FOOD, holder=HOLDER))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["code"] == 0
    (entry,) = [each for each in told["licences"] if each["identifier"] == licence["identifier"]]
    assert entry["status"] == "valid"
    assert CITIZEN_NUMBER not in answer.text
    assert CITIZEN_NAME not in answer.text


@pytest.mark.parametrize("missing", ["purpose", "basis", "matter", "officer"])
async def test_a_call_that_leaves_something_out_is_refused_and_audited(sharers: Sharers, missing: str) -> None:
    body = call(type=FOOD, holder=HOLDER)
    del body[missing]
    told = problem(await sharers.asker.post(QUERY, json=body), 400)
    assert [each["field"] for each in told["errors"]] == [missing]
    event = (await sharers.audit("sharing.refuse"))[0]
    assert event.outcome == "refused"
    assert event.detail["fields"] == [missing]
    assert event.detail["agency"] == OTHER_AGENCY.uscc


@pytest.mark.parametrize("part", ["name", "code", "number"])
async def test_the_matter_is_named_with_its_code_and_case(sharers: Sharers, part: str) -> None:
    matter = {name: text for name, text in MATTER.items() if name != part}
    told = problem(await sharers.asker.post(QUERY, json=call(type=FOOD, holder=HOLDER) | {"matter": matter}), 400)
    assert [each["field"] for each in told["errors"]] == [f"matter.{part}"]


async def test_without_the_scope_or_an_organisation_nothing_is_shared(sharers: Sharers) -> None:
    for client in (sharers.scopeless, sharers.homeless):
        problem(await client.post(QUERY, json=call(type=FOOD, holder=HOLDER)), 403)
        assert (await sharers.audit("sharing.refuse"))[0].detail["reason"] == "forbidden"


async def test_on_a_legal_basis_fields_are_fetched_by_name(sharers: Sharers) -> None:
    licence = await sharers.issue()
    body = call(identifier=licence["identifier"], fields=["premises", "holder_name"])
    answer = await sharers.asker.post(FETCH, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["fields"] == {"premises": "虚构市文昌路 18 号 1 层", "holder_name": CITIZEN_NAME}
    assert CITIZEN_NUMBER not in answer.text


async def test_a_fetch_names_what_it_needs(sharers: Sharers) -> None:
    licence = await sharers.issue()
    problem(await sharers.asker.post(FETCH, json=call(identifier=licence["identifier"])), 400)
    body = call(identifier=licence["identifier"], fields=["favourite_colour"])
    assert "favourite_colour" in problem(await sharers.asker.post(FETCH, json=body), 400)["detail"]


async def test_a_type_that_wants_a_legal_basis_gives_no_copy_without_a_grant(sharers: Sharers) -> None:
    licence = await sharers.issue()
    problem(await sharers.asker.post(FETCH, json=call(identifier=licence["identifier"], copy="pdf")), 403)


async def test_with_a_grant_what_it_names_is_fetched_and_no_more(sharers: Sharers) -> None:
    licence = await sharers.issue()
    await sharers.grant(licence)
    identifier = licence["identifier"]
    answer = await sharers.asker.post(FETCH, json=call(GRANT, identifier=identifier, fields=["premises"]))
    assert answer.status_code == 200, answer.text
    problem(await sharers.asker.post(FETCH, json=call(GRANT, identifier=identifier, fields=["residence"])), 403)
    problem(await sharers.asker.post(FETCH, json=call(GRANT, identifier=identifier, fields=[], copy="pdf")), 403)


async def test_a_grant_is_for_one_agency_one_purpose_and_one_licence(sharers: Sharers) -> None:
    licence, another = await sharers.issue(), await sharers.issue()
    await sharers.grant(licence)
    body = call(GRANT, identifier=licence["identifier"], fields=["premises"])
    nothing = problem(await sharers.third.post(FETCH, json=body), 404)
    other_purpose = problem(await sharers.asker.post(FETCH, json=body | {"purpose": "贷款审查"}), 404)
    other_licence = problem(await sharers.asker.post(FETCH, json=body | {"identifier": another["identifier"]}), 404)
    unknown = body | {"identifier": identifier_of_nothing(licence["identifier"])}
    nobody = problem(await sharers.asker.post(FETCH, json=unknown), 404)
    answers = {
        (each["type"], each["title"], each["detail"]) for each in (nothing, other_purpose, other_licence, nobody)
    }
    assert len(answers) == 1


async def test_a_grant_for_a_type_covers_every_licence_of_it(sharers: Sharers) -> None:
    licence = await sharers.issue()
    grant = await sharers.grant(licence, covers="type")
    later = await sharers.issue()
    body = call(GRANT, identifier=later["identifier"], fields=["premises"])
    assert (await sharers.asker.post(FETCH, json=body)).status_code == 200
    await sharers.holder.delete(f"/api/v1/me/grants/{grant['id']}")
    problem(await sharers.asker.post(FETCH, json=body), 404)


async def test_a_grant_covers_the_next_version(sharers: Sharers) -> None:
    licence = await sharers.issue()
    await sharers.grant(licence)
    newer = await sharers.issuer.post(f"/api/v1/licences/{licence['id']}/reissue", json={})
    body = call(GRANT, identifier=newer.json()["identifier"], fields=["premises"])
    assert (await sharers.asker.post(FETCH, json=body)).status_code == 200


async def test_a_grant_for_once_is_used_up_by_one_fetch(sharers: Sharers) -> None:
    licence = await sharers.issue()
    grant = await sharers.grant(licence, single_use=True)
    body = call(GRANT, identifier=licence["identifier"], fields=["premises"])
    assert (await sharers.asker.post(FETCH, json=body)).status_code == 200
    problem(await sharers.asker.post(FETCH, json=body), 404)
    listed = (await sharers.holder.get("/api/v1/me/grants")).json()["grants"]
    assert [each["state"] for each in listed if each["id"] == grant["id"]] == ["used"]


async def test_revocation_holds_from_the_next_call(sharers: Sharers) -> None:
    licence = await sharers.issue()
    grant = await sharers.grant(licence)
    problem(await sharers.stranger.delete(f"/api/v1/me/grants/{grant['id']}"), 404)
    revoked = await sharers.holder.delete(f"/api/v1/me/grants/{grant['id']}")
    assert revoked.json()["state"] == "revoked"
    problem(
        await sharers.asker.post(FETCH, json=call(GRANT, identifier=licence["identifier"], fields=["premises"])), 404
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"grantee": {"uscc": "91999999MA02DE34XH"}}, "grantee"),
        ({"purpose": " "}, "purpose"),
        ({"purpose": "x" * 201}, "purpose"),
        ({"fields": []}, "fields"),
        ({"fields": ["favourite_colour"]}, "fields"),
        ({"until": "2020-01-01T00:00:00+08:00"}, "until"),
        ({"until": "2999-01-01T00:00:00+08:00"}, "until"),
        ({"until": "tomorrow"}, "until"),
        ({"covers": "everything"}, "covers"),
    ],
)
async def test_a_wrong_grant_is_refused_naming_what_is_wrong(
    sharers: Sharers, change: dict[str, Any], field: str
) -> None:
    licence = await sharers.issue()
    order = sharers.grant_order(licence, **change)
    told = problem(await sharers.holder.post("/api/v1/me/grants", json=order), 400)
    assert [each["field"] for each in told["errors"]] == [field]


async def test_nobody_grants_what_is_not_theirs(sharers: Sharers) -> None:
    licence = await sharers.issue()
    problem(await sharers.stranger.post("/api/v1/me/grants", json=sharers.grant_order(licence)), 404)
    problem(await sharers.issuer.post("/api/v1/me/grants", json=sharers.grant_order(licence)), 404)
    assert (await sharers.issuer.get("/api/v1/me/grants")).json() == {"grants": []}


async def test_nobody_there_and_no_grant_answer_alike(sharers: Sharers) -> None:
    await sharers.issue()
    ungranted = await sharers.third.post(QUERY, json=call(GRANT, type=FOOD, holder=HOLDER))
    nobody = await sharers.third.post(
        QUERY, json=call(GRANT, type=FOOD, holder={"id_type": "111", "number": OTHER_NUMBER})
    )
    assert ungranted.status_code == nobody.status_code == 200
    assert ungranted.json() == nobody.json() == {"code": 3, "licences": []}


async def test_the_holders_class_is_judged_before_anybody_is_looked_for(sharers: Sharers) -> None:
    """A type shared on a grant alone: the refusal is the same for everybody, with or without licences."""
    types = (await sharers.issuer.get("/api/v1/licence-types")).json()["licence_types"]
    birth = next(each["code"] for each in types if each["name"] == "出生医学证明")
    for number in (CITIZEN_NUMBER, OTHER_NUMBER):
        body = call(type=birth, holder={"id_type": "111", "number": number})
        problem(await sharers.asker.post(QUERY, json=body), 403)


async def test_data_is_verified_with_the_codes_of_the_standard(sharers: Sharers) -> None:
    licence = await sharers.issue()

    async def verified(data: dict[str, Any], basis: dict[str, str] = LEGAL, **changes: Any) -> int:
        body = call(basis, identifier=licence["identifier"], data=data) | changes
        answer = await sharers.asker.post(VERIFY, json=body)
        assert answer.status_code == 200, answer.text
        assert set(answer.json()) == {"code"}
        code: int = answer.json()["code"]
        return code

    right = {"premises": "虚构市文昌路　18 号 1 层", "holder_name": CITIZEN_NAME}
    assert await verified(right) == 0
    assert await verified(right | {"holder_name": "周知远"}) == 6
    assert await verified({}) == 4
    assert await verified(right, GRANT) == 5
    assert await verified(right, identifier=identifier_of_nothing(licence["identifier"])) == 5
    await sharers.issuer.post(f"/api/v1/licences/{licence['id']}/suspend", json={"cause": "查验", "cause_code": "02"})
    assert await verified(right) == 2
    await sharers.issuer.post(f"/api/v1/licences/{licence['id']}/revoke", json={"cause": "注销", "cause_code": "04"})
    assert await verified(right) == 3


@pytest.mark.parametrize("format", ["pdf", "ofd"])
async def test_a_copy_is_sealed_by_itself_and_says_what_it_is_for(sharers: Sharers, format: str) -> None:
    licence = await sharers.issue()
    await sharers.grant(licence, file=True)
    body = call(GRANT, identifier=licence["identifier"], fields=[], copy=format)
    copy = (await sharers.asker.post(FETCH, json=body)).json()["copy"]
    data = base64.b64decode(copy["content"])
    assert hashlib.sha256(data).hexdigest() == copy["sha256"]
    original = await sharers.issuer.get(f"/api/v1/licences/{licence['id']}/file", params={"format": format})
    assert original.content != data
    name = f"copy.{format}"
    english = {"Accept-Language": "en"}
    files = {"file": (name, data)}
    report = (await sharers.asker.post("/api/v1/verifications", files=files, headers=english)).json()
    assert report["indication"] == "TOTAL-PASSED", report
    assert report["licence"]["identifier"] == licence["identifier"]
    assert PURPOSE in text_of(data, format)
    assert OTHER_AGENCY.name in text_of(data, format)
    told = (await sharers.third.post(VERIFY, json=call(file_sha256=copy["sha256"]))).json()
    assert (told["code"], told["kind"]) == (0, "copy")
    assert report["licence"]["copy"] == {"expires_at": told["expires_at"]}
    assert [each["result"] for each in report["checks"] if each["name"] == "Public log"] == ["PASSED"]
    assert report["licence"]["log_entry"]["index"] > 0


@pytest.mark.parametrize("format", ["pdf", "ofd"])
async def test_a_copy_names_its_maker_and_purpose_in_all_its_metadata(sharers: Sharers, format: str) -> None:
    licence = await sharers.issue()
    await sharers.grant(licence, file=True)
    body = call(GRANT, identifier=licence["identifier"], fields=[], copy=format)
    data = base64.b64decode((await sharers.asker.post(FETCH, json=body)).json()["copy"]["content"])
    if format == "ofd":
        told = [in_ofd(data), in_xml(attached_to_ofd(data))]
    else:
        told = [in_xmp(data), in_xml(attached_to_pdf(data))]
    for each in told:
        assert (each["JZJZZZ"], each["JZJZZSY"]) == (OTHER_AGENCY.name, PURPOSE)
        assert {"JZJZZSJ", "JZJYXQJZSJ"} <= set(each)
        assert each["ZZBS"] == licence["identifier"]


async def test_a_copy_is_over_after_its_time(sharers: Sharers) -> None:
    licence = await sharers.issue()
    await sharers.grant(licence, file=True, until=(sharers.world.clock() + timedelta(seconds=20)).isoformat())
    body = call(GRANT, identifier=licence["identifier"], fields=[], copy="pdf")
    copy = (await sharers.asker.post(FETCH, json=body)).json()["copy"]
    sharers.world.clock.advance(seconds=21)
    told = (await sharers.asker.post(VERIFY, json=call(file_sha256=copy["sha256"]))).json()
    assert (told["code"], told["kind"]) == (2, "copy")
    files = {"file": ("copy.pdf", base64.b64decode(copy["content"]))}
    report = (await sharers.asker.post("/api/v1/verifications", files=files)).json()
    assert (report["indication"], report["sub_indication"]) == ("TOTAL-FAILED", "EXPIRED")


async def test_a_file_is_verified_by_its_digest(sharers: Sharers) -> None:
    licence = await sharers.issue()
    file = await sharers.issuer.get(f"/api/v1/licences/{licence['id']}/file", params={"format": "pdf"})
    digest = hashlib.sha256(file.content).hexdigest()
    told = (await sharers.asker.post(VERIFY, json=call(file_sha256=digest))).json()
    assert (told["code"], told["kind"], told["licence"]["status"]) == (0, "original", "valid")
    told = (await sharers.asker.post(VERIFY, json=call(file_sha256="0" * 64))).json()
    assert told == {"code": 2, "kind": None}


def identifier_of_nothing(identifier: str) -> str:
    """An identifier like this one that nobody has."""
    return str(replace(LicenceIdentifier.parse(identifier), serial="NOBODYHASTHISNUMBER0"))


def text_of(data: bytes, format: str) -> str:
    """What is written on the first page."""
    if format == "pdf":
        return "".join(pypdfium2.PdfDocument(data)[0].get_textpage().get_text_range().split())
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        pages = [package.read(name).decode() for name in package.namelist() if name.endswith("Content.xml")]
    return "".join(re.sub("<[^>]*>", "", "".join(pages)).split())
