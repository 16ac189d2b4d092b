"""How QQ writes its answers: JSONP, url-encoded text or JSON, always HTTP 200 and called text/html."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.responses import Response


class QQError(Exception):
    """An error by QQ's number, in its own words (trailing blanks included)."""

    def __init__(self, number: int, description: str) -> None:
        self.number = number
        self.description = description
        super().__init__(description)


def _answer(text: str) -> Response:
    return Response(text.encode(), headers={"Content-Type": "text/html; charset=utf-8"})


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def jsonp(value: Mapping[str, Any]) -> Response:
    """Exactly `callback( {…} );` and a newline: clients cut ten characters in front and count from the end."""
    return _answer(f"callback( {_json(value)} );\n")


def plain_json(value: Mapping[str, Any]) -> Response:
    """What `fmt=json` gives, and what the profile always gives."""
    return _answer(_json(value))


def urlencoded(value: Mapping[str, Any]) -> Response:
    """The token endpoint's default."""
    return _answer("&".join(f"{key}={quote(str(text), safe='')}" for key, text in value.items()))


def error_answer(error: QQError, *, as_json: bool) -> Response:
    """An error: JSONP, or plain JSON where `fmt=json` was asked for."""
    value = {"error": error.number, "error_description": error.description}
    return plain_json(value) if as_json else jsonp(value)
