"""Alipay's signatures: over a request's sorted parameters, over an answer's raw text. Pure.

The answer is signed over the bytes of one member as they stand on the wire, so nothing here serialises JSON again: the
member is cut out of the text where the JSON grammar says it begins and ends.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kernel.crypto.signatures import InvalidSignature, PublicKey, SigningKey
from kernel.errors import InvalidInput

ERROR_ROOT = "error_response"
_WHITESPACE = " \t\r\n"
_decoder = json.JSONDecoder()


class MalformedAnswer(InvalidInput):
    """The text is not an answer of Alipay's gateway to this method."""

    def __init__(self, *, reason: str) -> None:
        super().__init__("The answer cannot be read.", reason=reason)


@dataclass(frozen=True)
class GatewayAnswer:
    """One answer. `raw` is the signed text, braces included; `signature` is empty where there was none."""

    raw: str = field(repr=False)
    content: Mapping[str, Any] = field(repr=False)
    signature: str = ""

    @property
    def is_success(self) -> bool:
        """Code 10000, or no code at all (alipay.system.oauth.token), in an answer that is no `error_response`."""
        return str(self.content.get("code", "10000")) == "10000"

    def verify(self, key: PublicKey) -> None:
        """Raises `InvalidSignature` unless `key` signed `raw` (RSA2: PKCS#1 v1.5 with SHA-256).

        Some gateways sign before they escape slashes, so the unescaped text is tried second.
        """
        try:
            signature = base64.b64decode(self.signature, validate=True)
        except binascii.Error as failure:
            raise InvalidSignature(reason="signature is not base64") from failure
        try:
            key.verify(signature, self.raw.encode())
        except InvalidSignature:
            if "\\/" not in self.raw:
                raise
            key.verify(signature, self.raw.replace("\\/", "/").encode())


def string_to_sign(params: Mapping[str, str]) -> str:
    """All parameters but `sign` and empty ones, sorted by name, values raw, joined as `a=b&c=d`."""
    return "&".join(f"{name}={params[name]}" for name in sorted(params) if name != "sign" and params[name])


def sign_request(params: Mapping[str, str], key: SigningKey) -> str:
    """The `sign` parameter: base64 of an RSA2 signature over `string_to_sign`."""
    return base64.b64encode(key.sign(string_to_sign(params).encode())).decode()


def read_answer(text: str, method: str) -> GatewayAnswer:
    """Find the signed member in an answer to `method`. Raises `MalformedAnswer`, also for any repeated member."""
    members = _members(text)
    expected = f"{method.replace('.', '_')}_response"
    roots = [name for name in (expected, ERROR_ROOT) if name in members]
    if len(roots) != 1:
        raise MalformedAnswer(reason="not exactly one response member")
    raw, content = members[roots[0]]
    signature = members.get("sign", ('""', ""))[1]
    if not isinstance(content, dict) or not isinstance(signature, str):
        raise MalformedAnswer(reason="response member is not an object, or sign is not text")
    answer = GatewayAnswer(raw, content, signature)
    if roots[0] == ERROR_ROOT and answer.is_success:
        raise MalformedAnswer(reason="error_response without an error code")
    return answer


def _members(text: str) -> dict[str, tuple[str, Any]]:
    """Each member of the top-level object: its exact text and its value."""
    members: dict[str, tuple[str, Any]] = {}
    position = _expect(text, 0, "{")
    while True:
        name, position = _value(text, position)
        position = _expect(text, position, ":")
        start = _skip(text, position)
        value, position = _value(text, start)
        if not isinstance(name, str) or name in members:
            raise MalformedAnswer(reason="a member's name is repeated or no text")
        members[name] = (text[start:position], value)
        position = _skip(text, position)
        if text[position : position + 1] != ",":
            break
        position += 1
    if _skip(text, _expect(text, position, "}")) != len(text):
        raise MalformedAnswer(reason="text after the answer")
    return members


def _value(text: str, position: int) -> tuple[Any, int]:
    try:
        return _decoder.raw_decode(text, _skip(text, position))
    except (ValueError, RecursionError):
        raise MalformedAnswer(reason="not JSON") from None


def _expect(text: str, position: int, character: str) -> int:
    position = _skip(text, position)
    if text[position : position + 1] != character:
        raise MalformedAnswer(reason=f"no {character} where one belongs")
    return position + 1


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in _WHITESPACE:
        position += 1
    return position
