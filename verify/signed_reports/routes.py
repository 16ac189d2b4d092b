"""`GET /api/v1/verifications/{id}`: a kept report, for whoever has its address; `/verify/policy`: the rules."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kernel.errors import FieldError, InvalidInput
from verify.report.page import ADDRESS
from verify.signed_reports.policy import PATH, policy_text
from verify.signed_reports.service import FORMATS, SignedReports

UNKNOWN_FORMAT = "Reports come as json, jws, xml or pdf."
PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
"""The address is the only key to the report: it must not be kept on the way, nor told to others."""


def page_routes() -> list[BaseRoute]:
    """The rules, as plain text."""
    return [Route(PATH, show_policy, methods=["GET"])]


def api_router() -> APIRouter:
    """Kept reports; no account needed."""
    router = APIRouter(tags=["verification"])
    router.add_api_route(
        ADDRESS + "/{id}",
        show_kept,
        methods=["GET"],
        summary="A report again, signed, as JSON, JWS, ETSI TS 119 102-2 XML or PDF",
        description="For as long as the report says (member kept), for whoever has the address.",
        openapi_extra=_PARAMETERS,
        response_model=None,
    )
    return router


_PARAMETERS: dict[str, Any] = {
    "parameters": [
        {
            "name": "format",
            "in": "query",
            "schema": {"type": "string", "enum": list(FORMATS), "default": "json"},
            "description": "Without it the Accept header decides.",
        },
        {"name": "lang", "in": "query", "schema": {"type": "string", "enum": ["zh_CN", "en"]}},
    ]
}


async def show_kept(request: Request, id: str) -> Response:
    """The report in the form that is asked for."""
    services = request.app.state.verify
    reports: SignedReports = services.reports
    await services.report_pace.admit(request.client.host if request.client else "")
    format = _format(request)
    headers = {**PRIVATE, "Vary": "Accept, Accept-Language"}
    if format != "json":
        headers["Content-Disposition"] = f'attachment; filename="verification-report.{format}"'
    return Response(await reports.kept(id, format), media_type=FORMATS[format], headers=headers)


async def show_policy(request: Request) -> Response:
    """The rules by which is judged; a report names the digest of exactly this text."""
    return Response(policy_text(), media_type="text/plain; charset=utf-8")


def _format(request: Request) -> str:
    asked = request.query_params.get("format")
    if asked is None:
        wanted = request.headers.get("accept", "")
        return next((name for name, kind in FORMATS.items() if kind in wanted), "json")
    if asked not in FORMATS:
        raise InvalidInput(UNKNOWN_FORMAT, fields=[FieldError("format", UNKNOWN_FORMAT)])
    return asked
