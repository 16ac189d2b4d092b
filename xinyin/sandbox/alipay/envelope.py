"""The gateway's envelope: checking a request's RSA2 signature, signing an answer over its raw bytes."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from kernel.crypto.signatures import InvalidSignature, PublicKey, SigningKey
from xinyin.sandbox.faults import Fault, FaultSwitch


class AlipayError(Exception):
    """A failure as the gateway words it: `code`, `msg`, `sub_code`, `sub_msg`."""

    def __init__(self, code: str, msg: str, sub_code: str, sub_msg: str) -> None:
        self.answer = {"code": code, "msg": msg, "sub_code": sub_code, "sub_msg": sub_msg}
        super().__init__(sub_code)


def string_to_sign(params: Mapping[str, str]) -> str:
    """Every parameter but `sign` and the empty ones, sorted, values raw."""
    return "&".join(f"{key}={params[key]}" for key in sorted(params) if key != "sign" and params[key])


def check_request_signature(params: Mapping[str, str], key: PublicKey) -> None:
    """Raises `AlipayError` isv.invalid-signature, quoting the string that the gateway built."""
    text = string_to_sign(params)
    try:
        key.verify(base64.b64decode(params["sign"], validate=True), text.encode())
    except (InvalidSignature, binascii.Error) as failure:
        advice = "验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为:"
        raise AlipayError("40002", "Invalid Arguments", "isv.invalid-signature", f"{advice}{text}") from failure


def signed_answer(root: str, answer: Mapping[str, Any], key: SigningKey, faults: FaultSwitch) -> Response:
    """`{"<root>":{…},"sign":"…"}`; the signature is over the value's bytes exactly as they stand, `\\/` included."""
    content = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
    signature = base64.b64encode(key.sign(content.encode())).decode()
    if faults.strikes(Fault.TAMPERED_SIGN):
        signature = ("B" if signature[0] != "B" else "C") + signature[1:]
    if faults.strikes(Fault.TAMPERED_CONTENT):
        content = _forged(answer)
    node = f'"{root}":{content}'
    if faults.strikes(Fault.DUPLICATED_ROOT):
        node = f'"{root}":{_forged(answer)},{node}'
    sign = "" if faults.strikes(Fault.MISSING_SIGN) else f',"sign":"{signature}"'
    return gateway_response(f"{{{node}{sign}}}")


def gateway_response(text: str) -> Response:
    """HTTP 200, JSON called text/html, as the gateway does."""
    return Response(text.encode(), headers={"Content-Type": "text/html;charset=utf-8"})


def _forged(answer: Mapping[str, Any]) -> str:
    """The answer as somebody on the wire would like it: about another person."""
    other = {"open_id": "0" * 47, "user_id": "2088000000000000"}
    changed = {key: other.get(key, value) for key, value in answer.items()}
    return json.dumps(changed, ensure_ascii=False, separators=(",", ":"))
