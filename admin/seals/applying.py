"""`/console/seals/new`: the application for a seal, with its picture before anything is sent."""

import base64
from dataclasses import dataclass
from datetime import date, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from admin.desk import at_desk, posted, see
from admin.seals.desk import officer, pages, register
from admin.seals.steps import APPLY
from admin.seals.wording import SHAPE_NAMES
from kernel.errors import Conflict, FieldError, Forbidden, InvalidInput
from kernel.i18n import DISPLAY_ZONE, gettext
from kernel.web.forms import RawForm, field_errors
from seal.picture.design import SHAPES
from seal.seals.application import SealApplication
from seal.seals.seal import Seal

# The register names fields as its API does; the form has plain names.
FORM_NAMES = {"owner.uscc": "owner_uscc", "owner.name": "owner_name"}


@dataclass(frozen=True)
class Filled:
    """The form as it stands: what was typed, what is wrong with it, and the picture asked to be seen (PNG)."""

    given: dict[str, str]
    errors: dict[str, str]
    picture: bytes | None = None


def routes() -> list[BaseRoute]:
    """The form, sending it, and the picture while it is being filled in."""
    return [
        Route("/console/seals/new", new_application, methods=["GET"]),
        Route("/console/seals/new", apply_for_seal, methods=["POST"]),
        Route("/console/seals/preview", send_preview, methods=["POST"]),
    ]


async def new_application(request: Request) -> Response:
    """The form, with the officer's own organisation filled in, or what the seal that is to be replaced says."""
    principal = await at_desk(request, APPLY)
    organisation = principal.organisation
    given = {"owner_uscc": organisation.uscc, "owner_name": organisation.name} if organisation else {}
    given = {**given, "name": given.get("owner_name", ""), "shape": "round"}
    replaced = request.query_params.get("replaces", "")
    if replaced:
        given |= _from(await register(request).get(replaced, officer=officer(principal)))
    return _form(request, Filled(given, {}))


async def apply_for_seal(request: Request) -> Response:
    """Enter a draft for somebody else to approve; or, asked only to show it, draw the picture."""
    principal = await at_desk(request, APPLY)
    form = await posted(request)
    given = {name: value for name, value in form if name != "csrf_token"}
    try:
        application = _application(form)
        if form.text("preview"):
            return _form(request, Filled(given, {}, await register(request).preview(application)))
        seal = await register(request).apply(officer(principal), application)
    except InvalidInput as error:
        return _form(request, Filled(given, _errors(error)), status=400)
    except (Conflict, Forbidden) as error:
        return _form(request, Filled(given, {"": gettext(error.message, **error.params)}), status=409)
    return see(f"/console/seals/{seal.id}?done=applied")


async def send_preview(request: Request) -> Response:
    """The picture for the page's script: `{"picture": data URL}` or `{"detail": what keeps it from being drawn}`."""
    await at_desk(request, APPLY)
    form = await posted(request)
    try:
        png = await register(request).preview(_application(form))
    except InvalidInput as error:
        return JSONResponse({"detail": " ".join(_errors(error).values())}, 400)
    return JSONResponse({"picture": _data_url(png)}, headers={"Cache-Control": "no-store"})


def _form(request: Request, filled: Filled, *, status: int = 200) -> Response:
    return pages(request).render(
        request,
        "admin/seal_new.html",
        status=status,
        given=filled.given,
        errors=filled.errors,
        shapes=[(shape, gettext(name)) for shape, name in SHAPE_NAMES.items()],
        preview=_data_url(filled.picture) if filled.picture else None,
    )


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _errors(error: InvalidInput) -> dict[str, str]:
    return {FORM_NAMES.get(name, name): text for name, text in field_errors(error).items()}


def _from(seal: Seal) -> dict[str, str]:
    return {
        "replaces": seal.id,
        "name": seal.name,
        "owner_name": seal.owner_name,
        "owner_uscc": seal.owner_uscc,
        "shape": seal.shape,
        "filing_number": seal.filing_number or "",
    }


def _application(form: RawForm) -> SealApplication:
    picture, shape, size = form.file("picture"), form.text("shape") or "round", form.text("size_mm")
    if size and not size.isdecimal():
        message = "Write the size in millimetres."
        raise InvalidInput(message, fields=[FieldError("size_mm", message)])
    if shape not in SHAPES:
        message = "Choose one of the listed values."
        raise InvalidInput(message, fields=[FieldError("shape", message)])
    return SealApplication(
        name=form.text("name"),
        owner_uscc=form.text("owner_uscc"),
        owner_name=form.text("owner_name"),
        shape=shape,
        bottom_text=form.text("bottom_text")[:16],
        middle_text=form.text("middle_text")[:20],
        picture=picture.data if picture else None,
        size_mm=int(size) if size else None,
        valid_to=_end_of_day(form.text("valid_to")),
        filing_number=form.text("filing_number")[:64] or None,
        basis=form.text("basis") or None,
        replaces=form.text("replaces") or None,
    )


def _end_of_day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as failure:
        message = "Write the date as YYYY-MM-DD."
        raise InvalidInput(message, fields=[FieldError("valid_to", message)]) from failure
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=DISPLAY_ZONE)
