"""Collections of legacy licences: answers of calls that are read by hand."""

from collections.abc import Mapping
from typing import Any

from licence_vault.collection.states import CollectionState, Credibility, ItemState
from xinyin.openapi.shapes import OBJECT, TEXT, TIME, json_answer, listing, parameter, shape

_COUNT = {"type": "integer"}
_COLLECTION = shape(
    {
        "id": TEXT,
        "type": TEXT,
        "class": {"enum": [each.value for each in Credibility]},
        "source": TEXT,
        "status": {"enum": [each.value for each in CollectionState]},
        "reason": {"type": ["string", "null"]},
        "total": _COUNT,
        "rows": {"type": "object", "properties": {each.value: _COUNT for each in ItemState}},
        "created_at": TIME,
        "changed_at": TIME,
    }
)
_CHANGE = shape({"place": TEXT, "rule": TEXT, "rule_name": TEXT, "before": TEXT, "after": TEXT})
_PROPOSAL = shape({"place": TEXT, "reason": TEXT, "reason_name": TEXT, "value": TEXT})
_QUESTION = shape({"place": TEXT, "code": TEXT, "fault": {"type": "boolean"}, "message": TEXT})
_ROW = shape(
    {
        "number": _COUNT,
        "state": {"enum": [each.value for each in ItemState]},
        "needs_second": {"type": "boolean"},
        "claimed_until": {"type": ["string", "null"], "format": "date-time"},
        "licence": {"type": ["string", "null"]},
    },
    {
        "cells": OBJECT,
        "values": OBJECT,
        "changes": listing(_CHANGE),
        "scans": _COUNT,
        "proposals": listing(_PROPOSAL),
        "questions": listing(_QUESTION),
        "remark": {"type": ["string", "null"]},
    },
)
_PLACE = shape({"place": TEXT, "name": TEXT, "required": {"type": "boolean"}})
_COLUMNS = shape({"columns": OBJECT, "said": {"type": "boolean"}, "places": listing(_PLACE)})
_STATE = shape({"number": _COUNT, "state": {"enum": [each.value for each in ItemState]}})
_CSV = {
    "200": {
        "description": "Row, column, rule, before, after",
        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_PAGE = {
    "200": {
        "description": "The page, from 1",
        "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_ROOT = "/api/v1/licence-collections"
_ROWS = f"{_ROOT}/{{collection_id}}/rows"


def _answer(code: str, words: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {code: json_answer(words, schema)}


def _call(scope: str, responses: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"security": [{"oauth2": [scope]}], "responses": dict(responses), **more}


_ISSUE, _READ = "licence:issue", "licence:read"
COLLECTIONS: Mapping[str, dict[str, Any]] = {
    f"post {_ROOT}": _call(_ISSUE, _answer("202", "Taken in; it is cleaned, or waits for its columns", _COLLECTION)),
    f"get {_ROOT}": _call(_READ, _answer("200", "Newest first", shape({"collections": listing(_COLLECTION)}))),
    f"get {_ROOT}/{{collection_id}}": _call(_READ, _answer("200", "How it stands", _COLLECTION)),
    f"get {_ROOT}/{{collection_id}}/columns": _call(_READ, _answer("200", "Head → place", _COLUMNS)),
    f"post {_ROOT}/{{collection_id}}/columns": _call(_ISSUE, _answer("200", "It is being cleaned", _COLLECTION)),
    f"get {_ROOT}/{{collection_id}}/changes.csv": _call(_READ, _CSV),
    f"post {_ROOT}/{{collection_id}}/claim": _call(
        _ISSUE, _answer("200", "Yours for fifteen minutes; null when none is left", shape({"row": _ROW}))
    ),
    f"post {_ROOT}/{{collection_id}}/accept-unquestioned": _call(
        _ISSUE, _answer("200", "How many; classes A and B alone", shape({"accepted": _COUNT}))
    ),
    f"post {_ROOT}/{{collection_id}}/resume": _call(_ISSUE, _answer("200", "It goes on", _COLLECTION)),
    f"post {_ROOT}/{{collection_id}}/cancel": _call(_ISSUE, _answer("200", "Nothing more is converted", _COLLECTION)),
    f"post {_ROOT}/{{collection_id}}/scans": _call(
        _ISSUE, _answer("200", "How many came new", shape({"added": _COUNT}))
    ),
    f"get {_ROWS}/{{row}}/pages/{{page}}": _call(_READ, _PAGE),
    f"get {_ROWS}": _call(
        _READ,
        _answer("200", "At most a hundred", shape({"rows": listing(_ROW)})),
        parameters=[
            parameter("state", "query", "", schema={"enum": [each.value for each in ItemState]}),
            parameter("after", "query", "The number of the last row seen"),
        ],
    ),
    f"post {_ROWS}/{{row}}/accept": _call(_ISSUE, _answer("200", "accepted, or second", _STATE)),
    f"post {_ROWS}/{{row}}/correct": _call(_ISSUE, _answer("200", "Judged anew", shape({"row": _ROW}))),
    f"post {_ROWS}/{{row}}/reject": _call(_ISSUE, _answer("200", "It is not converted", _STATE)),
    f"post {_ROWS}/{{row}}/release": _call(_ISSUE, _answer("200", "Anybody may take it", shape({"number": _COUNT}))),
}
