"""`/verify` for people and `POST /api/v1/verifications` for programs."""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from kernel.errors import FieldError, InvalidInput
from kernel.web.csrf import check_csrf
from kernel.web.forms import MEBIBYTE, FormLimits, RawForm, TooLarge, field_errors, read_form
from kernel.web.templates import Pages
from verify.credentials.judging import Challenge
from verify.qr.reading import MAX_QR_CHARACTERS
from verify.report.page import report_page
from verify.report.report import VerificationReport
from verify.upload.service import UploadVerification

LIMITS = FormLimits(body=64 * 1024, fields=10, file=20 * MEBIBYTE, files=1)
JSON_LIMIT = MEBIBYTE
NOTHING_SENT = "Choose a file, or paste the text of a QR code."
NO_TEXT = "Send the text of the QR code as the member “qr”."
HALF_A_CHALLENGE = "Send nonce and audience together, as texts."
FRESH = {"Cache-Control": "no-store"}

_REQUEST_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            },
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "qr": {"type": "string", "maxLength": MAX_QR_CHARACTERS},
                        "credential": {"type": "string", "description": "an SD-JWT VC or a signed JSON"},
                        "nonce": {"type": "string", "description": "what the wallet was asked to sign"},
                        "audience": {"type": "string", "description": "who asked it"},
                    },
                }
            },
        },
    }
}


def page_routes() -> list[BaseRoute]:
    """The page with the form, and the report that it leads to."""
    return [
        Route("/verify", show_form, methods=["GET"], name="verify"),
        Route("/verify", show_report, methods=["POST"]),
    ]


def api_router() -> APIRouter:
    """The verification API; no account needed."""
    router = APIRouter(tags=["verification"])
    router.add_api_route(
        "/api/v1/verifications",
        create_verification,
        methods=["POST"],
        summary="Verify a sealed OFD or PDF, a signed JSON, an SD-JWT, or a QR code's picture or text",
        description="An unreadable file is a report (INDETERMINATE, FORMAT_FAILURE); a missing one is an error.",
        openapi_extra=_REQUEST_BODY,
        response_model=None,
    )
    return router


async def create_verification(request: Request) -> Response:
    """Judge the uploaded file or the QR text."""
    service: UploadVerification = request.app.state.verify.upload
    if request.headers.get("content-type", "").startswith("application/json"):
        report = await _judge_json(service, request)
    else:
        report = await _judge(service, await read_form(request, LIMITS), _address(request))
    return JSONResponse(await service.answer(report), headers=FRESH)


async def show_form(request: Request) -> Response:
    """The empty form."""
    return _form_page(request, status=200, qr="", errors={})


async def show_report(request: Request) -> Response:
    """The report as a page, or the form again with what is wrong."""
    form = await read_form(request, LIMITS)
    await check_csrf(request, form)
    service: UploadVerification = request.app.state.verify.upload
    try:
        report = await _judge(service, form, _address(request))
    except InvalidInput as error:
        return _form_page(request, status=400, qr=form.text("qr"), errors=field_errors(error))
    pages: Pages = request.app.state.pages
    answer = await service.answer(report)
    response = pages.render(
        request,
        "verify/report.html",
        domain=request.app.state.verify.domain,
        page=report_page(report, answer["receipt"], answer.get("kept")),
    )
    response.headers.update(FRESH)
    return response


async def _judge(service: UploadVerification, form: RawForm, address: str) -> VerificationReport:
    file, text = form.file("file"), form.text("qr")
    if file is not None and file.data:
        return await service.judge_file(file.data, address=address)
    if text:
        return await service.judge_text(text, address=address)
    raise InvalidInput(NOTHING_SENT, fields=[FieldError("file", NOTHING_SENT)])


def _form_page(request: Request, *, status: int, qr: str, errors: dict[str, str]) -> Response:
    pages: Pages = request.app.state.pages
    return pages.render(
        request, "verify/check.html", status=status, domain=request.app.state.verify.domain, qr=qr, errors=errors
    )


async def _judge_json(service: UploadVerification, request: Request) -> VerificationReport:
    """`{"qr"}`, or `{"credential"}` with the `nonce` and `audience` that its wallet was asked to sign."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > JSON_LIMIT:
            raise TooLarge("What you sent is too large. The limit is {limit}.", limit="1 MB")
    try:
        sent = orjson.loads(bytes(body))
    except orjson.JSONDecodeError as failure:
        raise InvalidInput("This is not valid JSON.") from failure
    members = sent if isinstance(sent, dict) else {}
    if isinstance(credential := members.get("credential"), str):
        return await service.judge_presentation(credential, _challenge(members))
    text = members.get("qr")
    if not isinstance(text, str):
        raise InvalidInput(NO_TEXT, fields=[FieldError("qr", NO_TEXT)])
    return await service.judge_text(text, address=_address(request))


def _challenge(members: Mapping[str, Any]) -> Challenge | None:
    nonce, audience = members.get("nonce"), members.get("audience")
    if nonce is None and audience is None:
        return None
    if not isinstance(nonce, str) or not isinstance(audience, str) or not nonce or not audience:
        raise InvalidInput(HALF_A_CHALLENGE, fields=[FieldError("nonce", HALF_A_CHALLENGE)])
    return Challenge(nonce, audience)


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"
