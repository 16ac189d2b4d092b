"""What certificates point at: `/ca/{name}.cer`, `/ca/{name}.crl` (RFC 5280 §4.2; RFC 2585), `/ca/ocsp` (RFC 6960)."""

import hashlib
from base64 import b64decode
from binascii import Error as Base64Error
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from kernel.crypto.revocation.ocsp_answers import MAX_REQUEST_BYTES
from kernel.ephemeral.pacing import Pace
from seal.authority.responder import OcspResponder
from seal.authority.service import Authority

_DER: dict[str, Any] = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
_OCSP_REQUEST, _OCSP_RESPONSE = "application/ocsp-request", "application/ocsp-response"
_OCSP_ANSWER: dict[str, Any] = {
    "description": "OCSPResponse (DER)",
    "content": {_OCSP_RESPONSE: _DER["content"]["application/octet-stream"]},
}
_OCSP_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {_OCSP_REQUEST: _DER["content"]["application/octet-stream"]}}
}
_LONGEST_ADDRESS = (MAX_REQUEST_BYTES + 3) // 3 * 4 + 4
"""In base64, and a little, so that longer requests are told apart."""
_CACHED = {"Cache-Control": "public, max-age=300"}


def api_router() -> APIRouter:
    """Public: no account needed."""
    router = APIRouter(tags=["certificates"])
    for path, endpoint, summary in (
        ("/ca/{name}.cer", show_certificate, "An authority's certificate (DER)"),
        ("/ca/{name}.crl", show_crl, "An authority's revocation list (DER)"),
    ):
        router.add_api_route(
            path, endpoint, methods=["GET"], summary=summary, response_model=None, responses={200: _DER}
        )
    router.add_api_route(
        "/ca/ocsp",
        answer_ocsp_request,
        methods=["POST"],
        summary="Whether a certificate is good (OCSP)",
        response_model=None,
        openapi_extra=_OCSP_BODY,
        responses={200: _OCSP_ANSWER},
    )
    router.add_api_route(
        "/ca/ocsp/{request:path}",
        answer_ocsp_get,
        methods=["GET"],
        summary="The same, the request in base64 in the address",
        response_model=None,
        responses={200: _OCSP_ANSWER},
    )
    return router


async def show_certificate(request: Request) -> Response:
    """DER."""
    await _admit(request)
    certificate = _authority(request).certificate(request.path_params["name"])
    return _file(request, certificate.der, "application/pkix-cert")


async def show_crl(request: Request) -> Response:
    """DER; renewed daily, and whenever something is revoked."""
    await _admit(request)
    crl = await _authority(request).crl(request.path_params["name"])
    return _file(request, crl.der, "application/pkix-crl")


async def answer_ocsp_request(request: Request) -> Response:
    """DER (RFC 6960 appendix A.1)."""
    await _admit(request)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_REQUEST_BYTES:
            break
    return Response(
        await _responder(request).answer(bytes(body)), media_type=_OCSP_RESPONSE, headers={"Cache-Control": "no-store"}
    )


async def answer_ocsp_get(request: Request) -> Response:
    """As above; what is no base64 is a malformed request. May be kept for five minutes (RFC 5019 §6.2)."""
    await _admit(request)
    try:
        asked = b64decode(request.path_params["request"][:_LONGEST_ADDRESS], validate=True)
    except (Base64Error, ValueError):
        asked = b""
    return Response(await _responder(request).answer(asked), media_type=_OCSP_RESPONSE, headers=_CACHED)


def _file(request: Request, der: bytes, media_type: str) -> Response:
    """Who has it already is told so."""
    tag = f'"{hashlib.sha256(der).hexdigest()[:32]}"'
    headers = _CACHED | {"ETag": tag}
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if tag in known:
        return Response(status_code=304, headers=headers)
    return Response(der, media_type=media_type, headers=headers)


async def _admit(request: Request) -> None:
    """Raises RateLimited: lists are long, and each answer may cost a signature."""
    pace: Pace = request.app.state.seal.ca_pace
    await pace.admit(request.client.host if request.client else "")


def _responder(request: Request) -> OcspResponder:
    responder: OcspResponder = request.app.state.seal.responder
    return responder


def _authority(request: Request) -> Authority:
    authority: Authority = request.app.state.seal.authority
    return authority
