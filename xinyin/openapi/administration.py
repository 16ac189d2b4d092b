"""People, applications, units, groups and assignments: what FastAPI's own document leaves open."""

from collections.abc import Mapping
from typing import Any

from idp.roles.scopes import Role
from idp.units.service import KINDS
from xinyin.openapi.shapes import FLAG, NUMBER, TEXT, TEXT_OR_NULL, TIME, Schema, json_answer, listing, parameter, shape

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


_USER: Schema = shape(
    {"id": TEXT, "username": TEXT_OR_NULL, "display_name": TEXT, "state": TEXT, "created_at": TIME},
    {"assurance_level": NUMBER},
)
_ORGANISATION: Schema = shape({"uscc": TEXT, "name": TEXT, "kind": {"enum": ["agency", "enterprise"]}})
_CLIENT: Schema = shape(
    {"client_id": TEXT, "name": TEXT, "role": TEXT, "scopes": listing(TEXT), "grant_types": listing(TEXT)},
    {"organisation": TEXT_OR_NULL, "disabled": FLAG},
)
_SECRET: Schema = shape({"client_id": TEXT, "client_secret": TEXT})
_USERS, _KEYS, _EITHER = ["admin:users"], ["admin:security"], ["admin:users", "admin:security"]


def _listed(name: str, item: Schema) -> dict[str, Schema]:
    return {"200": json_answer("100 at a time", shape({name: listing(item), "next": TEXT_OR_NULL}))}


ADMINISTRATION: Mapping[str, dict[str, Any]] = {
    "get /api/v1/admin/users": _call(_EITHER, _listed("users", _USER), parameters=[_AFTER]),
    "post /api/v1/admin/users": _call(
        _USERS,
        {"201": json_answer("Entered", _USER)},
        shape({"username": TEXT, "password": TEXT, "display_name": TEXT}),
    ),
    "get /api/v1/admin/users/{person_id}": _call(_EITHER, {"200": json_answer("The person", _USER)}),
    "post /api/v1/admin/users/{person_id}/disable": _call(_USERS, {"204": _DONE}),
    "post /api/v1/admin/users/{person_id}/enable": _call(_USERS, {"204": _DONE}),
    "post /api/v1/admin/users/{person_id}/reset-factors": _call(_KEYS, {"204": _DONE}),
    "get /api/v1/admin/organisations": _call(_EITHER, _listed("organisations", _ORGANISATION), parameters=[_AFTER]),
    "post /api/v1/admin/organisations": _call(
        _USERS, {"201": json_answer("Entered", _ORGANISATION)}, shape({"uscc": TEXT, "name": TEXT}, {"kind": TEXT})
    ),
    "get /api/v1/admin/clients": _call(_USERS, _listed("clients", _CLIENT), parameters=[_AFTER]),
    "post /api/v1/admin/clients/{client_id}/rotate-secret": _call(
        _USERS, {"200": json_answer("The secret, this once", _SECRET)}
    ),
    "post /api/v1/admin/clients/{client_id}/disable": _call(_USERS, {"204": _DONE}),
    "get /api/v1/admin/keys": _call(
        _KEYS, {"200": json_answer("Public keys", shape({"keys": listing({"type": "object"}), "signing": TEXT}))}
    ),
    "post /api/v1/admin/keys/rotate": _call(_KEYS, {"200": json_answer("Signs from now on", shape({"kid": TEXT}))}),
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
