"""`POST /api/v1/seal-jobs`: seal an uploaded PDF or OFD, at given places or over the edges of its pages."""

import asyncio
import json
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from kernel.errors import FieldError, Forbidden, InvalidInput
from kernel.web.forms import MEBIBYTE, FormLimits, RawForm, read_form
from kernel.web.sign_in import authenticated
from seal.documents.pages import page_sizes
from seal.documents.positions import PageSize, StampPosition, riding_positions
from seal.seals.routes import officer_of
from seal.seals.use_policy import IntendedUse
from seal.signing.service import SealOrder, SigningService
from seal.validation.service import sniff

LIMITS = FormLimits(body=64 * 1024, fields=10, file=20 * MEBIBYTE, files=1)
MOST_POSITIONS = 200
DEFAULT_MARGIN_MM = 25.0
_MEDIA_TYPES = {"ofd": "application/ofd", "pdf": "application/pdf"}

_REQUEST_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "seal": {"type": "string", "description": "The seal's id or its 14-digit code"},
                        "positions": {
                            "type": "string",
                            "description": 'JSON: [{"page": 1, "x": 120, "y": 200, "width": 42, "height": 42}], pages '
                            "from 1, millimetres from the top left. Left out: the lower right of the last page.",
                        },
                        "riding": {"type": "string", "enum": ["true", "false"], "description": "Also over the edges"},
                        "purpose": {"type": "string", "maxLength": 128},
                        "pin": {"type": "string", "maxLength": 32, "description": "The seal's PIN, if it has one"},
                    },
                    "required": ["file", "seal"],
                }
            }
        },
    }
}


def api_router() -> APIRouter:
    """Scope `seal:use`."""
    router = APIRouter(tags=["seals"])
    router.add_api_route(
        "/api/v1/seal-jobs",
        create_seal_job,
        methods=["POST"],
        summary="Seal a PDF or an OFD; answers the sealed file",
        openapi_extra=_REQUEST_BODY,
        response_model=None,
    )
    return router


async def create_seal_job(request: Request) -> Response:
    """The sealed file, of the same kind as the one sent."""
    principal = await authenticated(request)
    principal.require_scope("seal:use")
    if principal.organisation is None:
        raise Forbidden("You may use seals of your own organisation only.")
    form = await read_form(request, LIMITS)
    service: SigningService = request.app.state.seal.signing
    file = form.file("file")
    kind = sniff(file.data) if file else "unknown"
    if file is None or kind == "unknown":
        raise InvalidInput("Choose a PDF or OFD file.", fields=[FieldError("file", "Choose a PDF or OFD file.")])
    pages = await asyncio.to_thread(page_sizes, file.data, kind)
    order = SealOrder(
        seal_id=form.one("seal"),
        positions=_positions(form, pages),
        purpose=form.text("purpose"),
        actor=officer_of(principal).actor,
        use=IntendedUse.by(principal),
        pin=form.text("pin"),
    )
    sealed = await service.seal(file.data, kind, order)
    headers = {"Content-Disposition": f'attachment; filename="sealed.{kind}"', "Cache-Control": "no-store"}
    return Response(sealed, media_type=_MEDIA_TYPES[kind], headers=headers)


def _positions(form: RawForm, pages: list[PageSize]) -> list[StampPosition]:
    text = form.text("positions")
    placed = _read_positions(text) if text else [_default_position(pages)]
    if form.text("riding") == "true":
        placed += riding_positions(pages, width_mm=placed[0].width_mm, height_mm=placed[0].height_mm)
    return placed


def _default_position(pages: list[PageSize]) -> StampPosition:
    last, size = pages[-1], 42.0
    return StampPosition(
        len(pages), last.width_mm - size - DEFAULT_MARGIN_MM, last.height_mm - size - DEFAULT_MARGIN_MM, size, size
    )


def _read_positions(text: str) -> list[StampPosition]:
    fault = FieldError("positions", "Give a list of places: page, x, y, width, height.")
    try:
        entries = json.loads(text)
        positions = [
            StampPosition(int(each["page"]), *(float(each[name]) for name in ("x", "y", "width", "height")))
            for each in entries
        ]
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as failure:
        raise InvalidInput("Some fields need your attention.", fields=[fault]) from failure
    if not 1 <= len(positions) <= MOST_POSITIONS:
        raise InvalidInput("Some fields need your attention.", fields=[fault])
    return positions
