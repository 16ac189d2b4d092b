"""Units, groups and assignments: what FastAPI's own document leaves open."""

from collections.abc import Mapping
from typing import Any

from idp.roles.scopes import Role
from idp.units.service import KINDS
from xinyin.openapi.shapes import TEXT, TEXT_OR_NULL, TIME, Schema, json_answer, listing, parameter, shape

_GIVING = ["admin:security", "admin:unit"]
_UNIT: Schema = shape({"id": TEXT, "parent": TEXT_OR_NULL, "name": TEXT, "kind": TEXT, "uscc": TEXT_OR_NULL})
_TIME_OR_NULL: Schema = {"type": ["string", "null"], "format": "date-time"}
_ASSIGNMENT: Schema = shape(
    {"id": TEXT, "person": TEXT_OR_NULL, "group": TEXT_OR_NULL, "role": TEXT, "unit": TEXT_OR_NULL, "from": TIME},
    {"until": _TIME_OR_NULL, "ended_at": _TIME_OR_NULL},
)
_NEW_UNIT: Schema = shape(
    {"name": TEXT, "kind": {"enum": list(KINDS)}},
    {"parent": TEXT_OR_NULL, "uscc": {**TEXT_OR_NULL, "description": "The agency that it stands for"}},
)
_NEW_ASSIGNMENT: Schema = shape(
    {"role": {"enum": [role.value for role in Role if role is not Role.CITIZEN]}},
    {
        "person": {**TEXT_OR_NULL, "description": "Either a person or a group"},
        "group": TEXT_OR_NULL,
        "unit": {**TEXT_OR_NULL, "description": "Only there and below"},
        "from": _TIME_OR_NULL,
        "until": _TIME_OR_NULL,
    },
)
_AFTER = parameter("after", "query", "`next` of the page before")
_DONE: Schema = {"description": "Done, or it was so already"}


def _call(
    scopes: list[str], responses: Mapping[str, Schema], body: Schema | None = None, **rest: Any
) -> dict[str, Any]:
    found: dict[str, Any] = {"security": [{"oauth2": [scope]} for scope in scopes], "responses": dict(responses)}
    if body is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return found | rest


ADMINISTRATION: Mapping[str, dict[str, Any]] = {
    "get /api/v1/admin/units": _call(
        ["admin:users", *_GIVING],
        {"200": json_answer("100 at a time", shape({"units": listing(_UNIT), "next": TEXT_OR_NULL}))},
        parameters=[parameter("under", "query", "Only at and below this unit"), _AFTER],
    ),
    "post /api/v1/admin/units": _call(["admin:users"], {"201": json_answer("Entered", _UNIT)}, _NEW_UNIT),
    "post /api/v1/admin/units/{unit_id}/move": _call(
        ["admin:users"], {"200": json_answer("At its new place", _UNIT)}, shape({"parent": TEXT_OR_NULL})
    ),
    "post /api/v1/admin/groups": _call(
        _GIVING, {"201": json_answer("Entered", shape({"id": TEXT}))}, shape({"name": TEXT}, {"unit": TEXT_OR_NULL})
    ),
    "put /api/v1/admin/groups/{group_id}/members/{person_id}": _call(_GIVING, {"204": _DONE}),
    "delete /api/v1/admin/groups/{group_id}/members/{person_id}": _call(_GIVING, {"204": _DONE}),
    "get /api/v1/admin/assignments": _call(
        _GIVING,
        {"200": json_answer("100 at a time", shape({"assignments": listing(_ASSIGNMENT), "next": TEXT_OR_NULL}))},
        parameters=[
            parameter("unit", "query", "At and below this unit"),
            parameter("person", "query", "Of this person, by groups too"),
            _AFTER,
        ],
    ),
    "post /api/v1/admin/assignments": _call(_GIVING, {"201": json_answer("Given", _ASSIGNMENT)}, _NEW_ASSIGNMENT),
    "delete /api/v1/admin/assignments/{assignment_id}": _call(_GIVING, {"204": _DONE}),
}
