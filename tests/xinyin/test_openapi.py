"""`/openapi.json` is valid OpenAPI 3.1, says nothing that is not served, and leaves out nothing that is."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from jsonschema import Draft202012Validator

from idp.roles.scopes import ALL_SCOPES
from licence_vault.lookup.representation import card, issued, whole
from tests.houses import AGENCY, TestHouse, food_order

pytestmark = pytest.mark.asyncio(loop_scope="module")

Document = dict[str, Any]
ROOT = Path(__file__).parents[2]
METHODS = ("get", "post", "put", "patch", "delete")

SERVED = """
get /healthz, get /readyz, get /metrics,
get /.well-known/openid-configuration, get /oauth2/authorize, post /oauth2/authorize, post /oauth2/token,
get /oauth2/userinfo, post /oauth2/userinfo, post /oauth2/introspect, post /oauth2/revoke, get /oauth2/jwks,
get /oauth2/logout, post /oauth2/logout,
get /login, post /login, get /login/{provider}, get /login/{provider}/callback, get /logout, post /logout, get /account,
get /forward-auth/nginx, get /forward-auth/traefik, get /forward-auth/caddy, get /forward-auth/envoy,
post /api/v1/licences, get /api/v1/licences, get /api/v1/licences/{licence_id}, get /api/v1/licences/{licence_id}/file,
post /api/v1/licences/{licence_id}/revoke, post /api/v1/licences/{licence_id}/suspend,
post /api/v1/licences/{licence_id}/resume, post /api/v1/licences/{licence_id}/reissue,
post /api/v1/licence-batches, get /api/v1/licence-batches/{batch_id}, post /api/v1/licence-batches/{batch_id}/start,
post /api/v1/licence-batches/{batch_id}/cancel, get /api/v1/licence-batches/{batch_id}/errors.csv,
post /api/v1/licence-collections, get /api/v1/licence-collections/{collection_id}/rows,
post /api/v1/licence-collections/{collection_id}/claim,
get /api/v1/licence-types, post /api/v1/licence-types,
get /api/v1/me/licences, post /api/v1/me/licences/{licence_id}/presentations,
get /api/v1/me/grants, post /api/v1/me/grants, delete /api/v1/me/grants/{grant_id},
post /api/v1/sharing/query, post /api/v1/sharing/fetch, post /api/v1/sharing/verify,
post /api/v1/seals, post /api/v1/seals/{seal_id}/approve, post /api/v1/seals/{seal_id}/suspend,
post /api/v1/seals/{seal_id}/resume, post /api/v1/seals/{seal_id}/revoke, post /api/v1/seal-jobs,
get /api/v1/seals/{seal_id}/uses,
get /v/{code}, post /api/v1/verifications, get /api/v1/trust-list, get /verify/offline/,
get /log/checkpoint, get /log/tile/{level}/{address}, get /log/tile/entries/{address}, get /log/entries/{id}/proof,
get /ca/{name}.cer, get /ca/{name}.crl
"""
"""What outside programs were promised, as far as it is built."""

REFERENCE = {"type": "object", "required": ["$ref"], "properties": {"$ref": {"pattern": "^#/components/"}}}
CONTENT = {
    "type": "object",
    "patternProperties": {r"^[\w.+-]+/[\w.+-]+$": {"type": "object", "properties": {"schema": {"type": "object"}}}},
    "additionalProperties": False,
}
RESPONSE = {
    "type": "object",
    "required": ["description"],
    "properties": {
        "description": {"type": "string", "minLength": 1},
        "content": CONTENT,
        "headers": {"type": "object"},
    },
    "additionalProperties": False,
}
OPERATION = {
    "type": "object",
    "required": ["tags", "summary", "operationId", "responses"],
    "properties": {
        "tags": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "summary": {"type": "string", "minLength": 1},
        "description": {"type": "string"},
        "operationId": {"type": "string", "pattern": r"^\w+$"},
        "parameters": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "in", "schema"],
                "properties": {
                    "name": {"type": "string"},
                    "in": {"enum": ["path", "query", "header", "cookie"]},
                    "description": {"type": "string"},
                    "required": {"type": "boolean"},
                    "schema": {"type": "object"},
                },
                "additionalProperties": False,
            },
        },
        "requestBody": {
            "type": "object",
            "required": ["content"],
            "properties": {"content": CONTENT, "required": {"type": "boolean"}, "description": {"type": "string"}},
            "additionalProperties": False,
        },
        "responses": {
            "type": "object",
            "minProperties": 1,
            "patternProperties": {r"^([1-5]\d\d|default)$": {"anyOf": [REFERENCE, RESPONSE]}},
            "additionalProperties": False,
        },
        "security": {"type": "array", "items": {"type": "object", "additionalProperties": {"type": "array"}}},
    },
    "additionalProperties": False,
}
OPENAPI_3_1 = {
    "type": "object",
    "required": ["openapi", "info", "paths", "components"],
    "properties": {
        "openapi": {"pattern": r"^3\.1\.\d+$"},
        "info": {
            "type": "object",
            "required": ["title", "version", "summary", "description", "license"],
            "properties": {"license": {"required": ["name", "identifier"], "properties": {"url": False}}},
        },
        "servers": {"type": "array", "items": {"required": ["url"]}},
        "paths": {
            "type": "object",
            "patternProperties": {
                "^/": {"type": "object", "properties": dict.fromkeys(METHODS, OPERATION), "additionalProperties": False}
            },
            "additionalProperties": False,
        },
        "components": {
            "type": "object",
            "properties": {
                "schemas": {"type": "object"},
                "responses": {"additionalProperties": RESPONSE},
                "securitySchemes": {"additionalProperties": {"required": ["type"]}},
            },
            "additionalProperties": False,
        },
        "tags": {"type": "array", "items": {"required": ["name", "description"]}},
    },
    "additionalProperties": False,
}
"""The part of the OpenAPI 3.1 schema that we use, stricter where strictness finds mistakes."""


@pytest_asyncio.fixture(loop_scope="module")
async def document(caller: httpx.AsyncClient) -> Document:
    answer = await caller.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    found: Document = answer.json()
    return found


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def members(value: Any, name: str) -> Iterator[Any]:
    """Every member of this name, however deep."""
    if isinstance(value, dict):
        if name in value:
            yield value[name]
        for each in value.values():
            yield from members(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from members(each, name)


async def test_it_is_valid(document: Document) -> None:
    complaints = [
        f"{error.json_path}: {error.message[:200]}" for error in Draft202012Validator(OPENAPI_3_1).iter_errors(document)
    ]
    assert complaints == []


async def test_every_schema_in_it_is_a_json_schema(document: Document) -> None:
    schemas = [*document["components"]["schemas"].values(), *(each for each in members(document["paths"], "schema"))]
    assert len(schemas) > 80
    for schema in schemas:
        Draft202012Validator.check_schema(schema)


async def test_every_reference_leads_somewhere_and_every_component_is_used(document: Document) -> None:
    references = set(members(document, "$ref"))
    known = {
        f"#/components/{kind}/{name}" for kind in ("schemas", "responses") for name in document["components"][kind]
    }
    assert references == known


async def test_every_variable_of_a_path_is_a_parameter(document: Document) -> None:
    for method, path, operation in operations(document):
        declared = {each["name"] for each in operation.get("parameters", []) if each["in"] == "path"}
        assert declared == set(re.findall(r"\{(\w+)\}", path)), (method, path)
        assert all(each["required"] for each in operation.get("parameters", []) if each["in"] == "path"), path


async def test_operations_have_names_of_their_own_and_tags_that_are_explained(document: Document) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    assert {tag for _, _, each in operations(document) for tag in each["tags"]} == {
        tag["name"] for tag in document["tags"]
    }


async def test_the_info_block_says_what_this_is(document: Document) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    info = document["info"]
    assert info["title"] == "Xinyin 信印"
    assert info["version"] == project["version"]
    assert info["license"]["identifier"] == project["license"]
    assert document["servers"] == [{"url": "http://localhost:8000"}]


async def test_everything_that_was_promised_and_is_built_is_described(document: Document) -> None:
    promised = {each.strip() for each in SERVED.replace("\n", " ").split(",")}
    assert promised <= {f"{method} {path}" for method, path, _ in operations(document)}


async def test_nothing_is_described_that_is_not_served(caller: httpx.AsyncClient, document: Document) -> None:
    values = {"provider": "wechat", "name": "root-sm2", "level": "0", "address": "000", "id": "0"}
    for method, path, _ in operations(document):
        url = re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], "0123456789abcdef"), path)
        answer = await caller.request(method, url)
        assert answer.status_code != 405, (method, path)
        assert "There is no such page." not in answer.text, (method, path)


async def test_every_answer_to_a_bare_call_is_described(caller: httpx.AsyncClient, document: Document) -> None:
    """A stranger who sends nothing hears only what the document announces."""
    for method, path, operation in operations(document):
        url = re.sub(r"\{(\w+)\}", "wechat" if "provider" in path else "0123456789abcdef", path)
        answer = await caller.request(method, url, headers={"Accept": "text/html, application/json"})
        described = operation["responses"].get(str(answer.status_code)) or operation["responses"].get("default")
        assert described, (method, path, answer.status_code)
        if "$ref" in described:
            described = document["components"]["responses"][described["$ref"].rpartition("/")[2]]
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if answer.content:
            assert kind in described["content"], (method, path, answer.status_code, kind)


async def test_errors_of_the_apis_are_problem_documents(document: Document) -> None:
    for method, path, operation in operations(document):
        if path.startswith("/api/v1/"):
            assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}, (method, path)
            assert "422" not in operation["responses"], (method, path)
    problem = document["components"]["responses"]["Problem"]
    assert list(problem["content"]) == ["application/problem+json"]


async def test_scopes_are_those_that_there_are(document: Document) -> None:
    schemes = document["components"]["securitySchemes"]
    for flow in schemes["oauth2"]["flows"].values():
        assert set(flow["scopes"]) == ALL_SCOPES
    for method, path, operation in operations(document):
        assert path.startswith("/api/v1/") <= ("security" in operation), (method, path)
        for alternative in operation.get("security", []):
            assert set(alternative) <= set(schemes), (method, path)
            assert set(alternative.get("oauth2", [])) <= ALL_SCOPES, (method, path)


async def test_what_needs_a_token_says_so_and_what_does_not_needs_none(
    caller: httpx.AsyncClient, document: Document
) -> None:
    for method, path, operation in operations(document):
        if not path.startswith("/api/v1/"):
            continue
        url = re.sub(r"\{\w+\}", "0123456789abcdef", path)
        body = {"name": "x", "owner": {"uscc": "x", "name": "x"}} if url == "/api/v1/seals" else {}
        answer = await caller.request(method, url, json=body if method == "post" else None)
        assert (answer.status_code == 401) == bool(operation["security"]), (method, path, answer.status_code)


def validator(document: Document, name: str) -> Draft202012Validator:
    """For answers of this shape."""
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": document["components"]})


async def test_real_answers_have_the_shapes_described(
    world: TestHouse, caller: httpx.AsyncClient, document: Document
) -> None:
    licence = await world.house.licence_vault.issuing.issue(food_order(), world.requester())
    lookup, today = world.house.licence_vault.lookup, world.clock().date()
    handle = licence.qr.partition("#")[0].rpartition("/")[2]
    sealed = await lookup.file(licence, "pdf")
    (seal,) = await world.house.seal.register.seals(owner_uscc=AGENCY.uscc)
    answers = {
        "IssuedLicence": [issued(licence, "http://localhost:8000")],
        "Licence": [whole(licence, "", today), card(licence, "", today)],
        "Seal": [seal.to_dict()],
        "Verdict": [(await caller.get(f"/v/{code}")).json() for code in (handle, "0123456789abcdef")],
        "VerificationReport": [
            (await caller.post("/api/v1/verifications", files={"file": each})).json()
            for each in (sealed, b"no document")
        ]
        + [(await caller.post("/api/v1/verifications", json={"qr": licence.qr})).json()],
        "Readiness": [(await caller.get("/readyz")).json()],
        "Problem": [
            (await caller.get("/api/v1/nope")).json(),
            (await caller.post("/api/v1/verifications", json={})).json(),
        ],
        "OAuthError": [
            (await caller.post("/oauth2/token", data={"grant_type": "password", "client_id": "x"})).json(),
            (await caller.get("/oauth2/userinfo")).json(),
        ],
    }
    for name, found in answers.items():
        for each in found:
            complaints = [
                f"{error.json_path}: {error.message}" for error in validator(document, name).iter_errors(each)
            ]
            assert complaints == [], name
