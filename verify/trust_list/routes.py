"""`GET /api/v1/trust-list` and `/api/v1/trust-pack`."""

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from verify.trust_list.pack import TrustPacks
from verify.trust_list.service import TrustListPublication

PUBLIC: Mapping[str, str] = {
    "Cache-Control": "public, max-age=60",
    "Access-Control-Allow-Origin": "*",
    # The answer is for any origin, unlike our pages.
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def api_router() -> APIRouter:
    """The list for everyone, from any origin: verifiers run elsewhere."""
    router = APIRouter(tags=["verification"])
    router.add_api_route(
        "/api/v1/trust-list",
        show_trust_list,
        methods=["GET"],
        summary="Issuers' anchors, seals' certificates and the keys of QR codes",
        response_model=None,
    )
    router.add_api_route(
        "/api/v1/trust-pack",
        show_trust_pack,
        methods=["GET"],
        summary="The trust list and every status list, for those who verify without a network",
        response_model=None,
    )
    return router


async def show_trust_list(request: Request) -> Response:
    """The list now. The same for all who ask, so that asking tells nothing."""
    service: TrustListPublication = request.app.state.verify.trust_list
    document = await service.current()
    headers = {**PUBLIC, "ETag": service.etag}
    if service.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return JSONResponse(document, headers=headers)


async def show_trust_pack(request: Request) -> Response:
    """Everything in one answer; 304 for whoever has it already."""
    packs: TrustPacks = request.app.state.verify.packs
    pack = await packs.current()
    headers = {**PUBLIC, "Cache-Control": "public, max-age=15", "ETag": pack.etag}
    if pack.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(pack.text, media_type="application/json", headers=headers)
