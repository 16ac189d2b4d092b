"""`/console/seals`."""

from datetime import date, datetime
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from admin.desk import actor_of, at_desk, posted, see
from kernel.errors import Conflict, FieldError, Forbidden, InvalidInput
from kernel.i18n import DISPLAY_ZONE, gettext
from kernel.principal import Principal
from kernel.web.forms import RawForm, field_errors
from kernel.web.templates import Pages
from seal.seals.application import SealApplication
from seal.seals.seal import REASON_CODES, RevocationReason, Seal
from seal.seals.service import Officer, SealRegister
from seal.seals.uses import UseSearch

APPLY, APPROVE, USE = "seal:apply", "seal:approve", "seal:use"

STATE_NAMES = {
    "draft": "Waiting for approval",
    "active": "In use",
    "suspended": "Suspended",
    "revoked": "Revoked",
    "expired": "Expired",
}

# Which of the shell's shapes stands for which state.
STATE_SHAPES = {"draft": "pending", "active": "valid"}

REASON_NAMES: dict[RevocationReason, str] = {
    "cessation": "It is no longer needed",
    "superseded": "A new seal takes its place",
    "affiliation-changed": "The owner changed its name or was merged",
    "key-compromise": "Its key may be in wrong hands",
}

# The register names fields as its API does; the form has plain names.
FORM_NAMES = {"owner.uscc": "owner_uscc", "owner.name": "owner_name"}


def routes() -> list[BaseRoute]:
    """List, apply, look, and the four steps of a seal's life."""
    return [
        Route("/console/seals", list_seals, methods=["GET"]),
        Route("/console/seals/new", new_application, methods=["GET"]),
        Route("/console/seals/new", apply_for_seal, methods=["POST"]),
        Route("/console/seals/{seal_id}", show_seal, methods=["GET"]),
        Route("/console/seals/{seal_id}/picture", send_picture, methods=["GET"]),
        Route("/console/seals/{seal_id}/revocation", ask_to_revoke, methods=["GET"]),
        Route("/console/seals/{seal_id}/{step:str}", take_step, methods=["POST"]),
    ]


async def list_seals(request: Request) -> Response:
    """The seals of the officer's organisation, or all for who acts for none; those waiting come first."""
    principal = await at_desk(request, APPLY, APPROVE, USE)
    owner = principal.organisation.uscc if principal.organisation else None
    seals = await _register(request).seals(owner_uscc=owner)
    return _pages(request).render(
        request,
        "admin/seals.html",
        seals=sorted(seals, key=lambda seal: seal.state != "draft"),
        shapes=STATE_SHAPES,
        state_names=STATE_NAMES,
        may_apply=APPLY in principal.scopes,
    )


async def new_application(request: Request) -> Response:
    """The form, with the officer's own organisation filled in."""
    principal = await at_desk(request, APPLY)
    organisation = principal.organisation
    given = {"owner_uscc": organisation.uscc, "owner_name": organisation.name} if organisation else {}
    return _form(request, {**given, "name": given.get("owner_name", ""), "size_mm": "42"}, {})


async def apply_for_seal(request: Request) -> Response:
    """Enter a draft for somebody else to approve."""
    principal = await at_desk(request, APPLY)
    form = await posted(request)
    given = {name: value for name, value in form if name != "csrf_token"}
    try:
        seal = await _register(request).apply(_officer(principal), _application(form))
    except InvalidInput as error:
        errors = {FORM_NAMES.get(name, name): text for name, text in field_errors(error).items()}
        return _form(request, given, errors, status=400)
    except (Conflict, Forbidden) as error:
        return _form(request, given, {"": gettext(error.message, **error.params)}, status=409)
    return see(f"/console/seals/{seal.id}?done=applied")


async def show_seal(request: Request) -> Response:
    """One seal with its uses, and the steps that this person may take."""
    principal = await at_desk(request, APPLY, APPROVE, USE)
    return await _seal_page(request, principal)


async def send_picture(request: Request) -> Response:
    """What the seal looks like."""
    seal = await _load(request, await at_desk(request, APPLY, APPROVE, USE))
    picture = await _register(request).picture(seal.id)
    return Response(picture, media_type="image/png", headers={"Cache-Control": "private, max-age=300"})


async def ask_to_revoke(request: Request) -> Response:
    """The one step that cannot be undone asks for its reason first."""
    seal = await _load(request, await at_desk(request, APPROVE))
    return _revocation_page(request, seal, {})


async def take_step(request: Request) -> Response:
    """Approve, suspend, resume or revoke."""
    principal = await at_desk(request, APPROVE)
    form = await posted(request)
    register, officer = _register(request), _officer(principal)
    seal = await _load(request, principal)
    step = request.path_params["step"]
    try:
        if step == "revoke":
            reason = form.text("reason")
            if reason not in REASON_CODES:
                message = gettext("Choose why the seal is revoked.")
                return _revocation_page(request, seal, {"reason": message}, status=400)
            await register.revoke(officer, seal.id, cast(RevocationReason, reason))
        elif step in ("approve", "suspend", "resume"):
            await {"approve": register.approve, "suspend": register.suspend, "resume": register.resume}[step](
                officer, seal.id
            )
        else:
            raise InvalidInput("There is no such step.")
    except (Conflict, Forbidden) as error:
        return await _seal_page(request, principal, refusal=gettext(error.message, **error.params), status=409)
    return see(f"/console/seals/{seal.id}?done={step}")


async def _seal_page(
    request: Request, principal: Principal, *, refusal: str | None = None, status: int = 200
) -> Response:
    seal = await _load(request, principal)
    return _pages(request).render(
        request,
        "admin/seal.html",
        status=status,
        seal=seal,
        mark=STATE_SHAPES.get(seal.state, seal.state),
        state_title=gettext(STATE_NAMES[seal.state]),
        uses=(await request.app.state.admin.seal_uses.page(seal.id, UseSearch())).uses,
        may_approve=APPROVE in principal.scopes,
        is_own=seal.applied_by == principal.subject,
        refusal=refusal,
        done=request.query_params.get("done", ""),
    )


def _revocation_page(request: Request, seal: Seal, errors: dict[str, str], *, status: int = 200) -> Response:
    options = [(reason, gettext(name)) for reason, name in REASON_NAMES.items()]
    return _pages(request).render(
        request, "admin/seal_revocation.html", status=status, seal=seal, options=options, errors=errors
    )


def _form(request: Request, given: dict[str, str], errors: dict[str, str], *, status: int = 200) -> Response:
    return _pages(request).render(request, "admin/seal_new.html", status=status, given=given, errors=errors)


def _application(form: RawForm) -> SealApplication:
    picture = form.file("picture")
    size = form.text("size_mm") or "42"
    if not size.isdecimal():
        message = "Write the size in millimetres."
        raise InvalidInput(message, fields=[FieldError("size_mm", message)])
    return SealApplication(
        name=form.text("name"),
        owner_uscc=form.text("owner_uscc"),
        owner_name=form.text("owner_name"),
        bottom_text=form.text("bottom_text"),
        picture=picture.data if picture else None,
        size_mm=int(size),
        valid_to=_end_of_day(form.text("valid_to")),
        filing_number=form.text("filing_number") or None,
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


async def _load(request: Request, principal: Principal) -> Seal:
    """The seal of the address, if it is of the officer's organisation. Raises NotFound."""
    return await _register(request).get(request.path_params["seal_id"], officer=_officer(principal))


def _officer(principal: Principal) -> Officer:
    return Officer(actor_of(principal), principal.organisation.uscc if principal.organisation else None)


def _register(request: Request) -> SealRegister:
    return cast(SealRegister, request.app.state.admin.seals)


def _pages(request: Request) -> Pages:
    return cast(Pages, request.app.state.pages)
