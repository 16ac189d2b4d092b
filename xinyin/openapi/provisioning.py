"""SCIM 2.0: what agencies' directories call (RFC 7644)."""

from collections.abc import Mapping
from typing import Any

from xinyin.openapi.identity import operation
from xinyin.openapi.shapes import OBJECT, TEXT, parameter

TAG = ["people of agencies"]
MEDIA_TYPE = "application/scim+json"
BY_PROGRAM = [{"oauth2": ["scim"]}]


def _answer(description: str) -> dict[str, Any]:
    return {"description": description, "content": {MEDIA_TYPE: {"schema": OBJECT}}}


_REFUSED = _answer("An error (RFC 7644 §3.12)")
_BODY = {"required": True, "content": {MEDIA_TYPE: {"schema": OBJECT}}}
_ID = parameter("id", "path", "The id of the resource")
_MATCH = parameter("If-Match", "header", "Only if the resource is still this version")
_SHOWN = [
    parameter("attributes", "query", "Show these alone, between commas"),
    parameter("excludedAttributes", "query", "Show all but these"),
]
_ASKED = [
    parameter("filter", "query", "RFC 7644 §3.4.2.2"),
    parameter("sortBy", "query", "Order by this attribute"),
    parameter("sortOrder", "query", "ascending or descending", schema={"enum": ["ascending", "descending"]}),
    parameter("startIndex", "query", "The first one of the page, from 1", schema={"type": "integer"}),
    parameter("count", "query", "How many a page, at most 500", schema={"type": "integer"}),
    parameter("cursor", "query", "Pages by cursor (RFC 9865): empty for the first one", schema=TEXT),
]


def _call(summary: str, answers: Mapping[str, Any], *parameters: Any, body: bool = False) -> dict[str, Any]:
    more: dict[str, Any] = {"parameters": list(parameters)} if parameters else {}
    if body:
        more["requestBody"] = _BODY
    return operation(TAG, summary, {**answers, "default": _REFUSED}, security=BY_PROGRAM, **more)


def _resource(path: str, one: str, many: str) -> dict[str, dict[str, Any]]:
    shown = {"200": _answer(f"The {one}")}
    return {
        path: {
            "get": _call(f"{many} of the agency and of those below it", {"200": _answer("A page")}, *_ASKED, *_SHOWN),
            "post": _call(f"Enter a {one}", {"201": _answer(f"The {one}")}, *_SHOWN, body=True),
        },
        f"{path}/.search": {"post": _call(f"Find {many.lower()}", {"200": _answer("A page")}, body=True)},
        f"{path}/{{id}}": {
            "get": _call(f"One {one}", {**shown, "304": {"description": "As it was"}}, _ID, *_SHOWN),
            "put": _call(f"Replace a {one}", shown, _ID, _MATCH, *_SHOWN, body=True),
            "patch": _call(f"Change parts of a {one}", shown, _ID, _MATCH, *_SHOWN, body=True),
            "delete": _call(f"Let a {one} go", {"204": {"description": "Gone"}}, _ID, _MATCH),
        },
    }


PROVISIONING_PATHS: Mapping[str, dict[str, Any]] = {
    **_resource("/scim/v2/Users", "user", "Users"),
    **_resource("/scim/v2/Groups", "group", "Groups"),
    "/scim/v2/.search": {"post": _call("Find users and groups", {"200": _answer("A page")}, body=True)},
    "/scim/v2/Bulk": {"post": _call("Many changes at once", {"200": _answer("What became of each")}, body=True)},
    "/scim/v2/ServiceProviderConfig": {"get": _call("What this service can do", {"200": _answer("RFC 7643 §5")})},
    "/scim/v2/ResourceTypes": {"get": _call("Kinds of resources", {"200": _answer("RFC 7643 §6")})},
    "/scim/v2/ResourceTypes/{id}": {"get": _call("One kind", {"200": _answer("RFC 7643 §6")}, _ID)},
    "/scim/v2/Schemas": {"get": _call("Schemas", {"200": _answer("RFC 7643 §7")})},
    "/scim/v2/Schemas/{id}": {"get": _call("One schema", {"200": _answer("RFC 7643 §7")}, _ID)},
}
