"""A holder's notices: answers and bodies of calls that are read by hand."""

from collections.abc import Mapping
from typing import Any

from licence_vault.notices.notice import CHANNELS, NoticeKind
from xinyin.openapi.shapes import OBJECT, TEXT, TIME, Schema, json_answer, listing, parameter, shape

_KIND: Schema = {"enum": [kind.value for kind in NoticeKind]}
_NOTICE = shape(
    {
        "id": TEXT,
        "at": TIME,
        "kind": _KIND,
        "licence": {**TEXT, "description": "Its id"},
        "type_name": TEXT,
        "read": {"type": "boolean"},
        "about": {**OBJECT, "description": "who, cause, days and until, as the kind has them"},
    }
)
_CHOSEN: Schema = {"type": "array", "items": {"enum": list(CHANNELS)}}
_HOUR: Schema = {"type": "integer", "minimum": 0, "maximum": 23}
_SETTINGS = shape(
    {},
    {
        "channels": {"type": "object", "properties": {kind.value: _CHOSEN for kind in NoticeKind}},
        "quiet": {
            "type": ["array", "null"],
            "items": _HOUR,
            "minItems": 2,
            "maxItems": 2,
            "description": "From which hour to which nothing is sent, by China's time",
        },
        "names_type": {"type": "boolean", "description": "Whether a message may say which kind of licence it is about"},
        "locale": {"enum": ["zh_CN", "en"]},
    },
)
_MARKED = {"200": json_answer("How many were unread", shape({"marked": {"type": "integer"}}))}


_PAGE = shape({"notifications": listing(_NOTICE), "unread": {"type": "integer"}, "next": {"type": ["string", "null"]}})
_ROOT = "/api/v1/me/notifications"
_SECURITY = [{"oauth2": ["openid", "realname"]}]
_AS_THEY_ARE = {"200": json_answer("The settings as they are now", _SETTINGS)}

NOTIFICATIONS: Mapping[str, dict[str, Any]] = {
    f"get {_ROOT}": {
        "security": _SECURITY,
        "responses": {"200": json_answer("Newest first, 50 at a time", _PAGE)},
        "parameters": [parameter("before", "query", "The `next` of the page before")],
    },
    f"post {_ROOT}/read": {"security": _SECURITY, "responses": _MARKED},
    f"post {_ROOT}/{{notice_id}}/read": {"security": _SECURITY, "responses": _MARKED},
    f"get {_ROOT}/settings": {"security": _SECURITY, "responses": _AS_THEY_ARE},
    f"put {_ROOT}/settings": {
        "security": _SECURITY,
        "responses": _AS_THEY_ARE,
        "requestBody": {"required": True, "content": {"application/json": {"schema": _SETTINGS}}},
    },
}
