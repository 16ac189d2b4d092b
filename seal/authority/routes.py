"""`/ca/{name}.cer` and `/ca/{name}.crl`: what certificates point at (RFC 5280 §4.2.1.13, §4.2.2.1; RFC 2585)."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from seal.authority.service import Authority

_DER: dict[str, Any] = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
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
    return router


async def show_certificate(request: Request) -> Response:
    """DER."""
    certificate = _authority(request).certificate(request.path_params["name"])
    return Response(certificate.der, media_type="application/pkix-cert", headers=_CACHED)


async def show_crl(request: Request) -> Response:
    """DER; renewed daily, and whenever something is revoked."""
    crl = await _authority(request).crl(request.path_params["name"])
    return Response(crl.der, media_type="application/pkix-crl", headers=_CACHED)


def _authority(request: Request) -> Authority:
    authority: Authority = request.app.state.seal.authority
    return authority
