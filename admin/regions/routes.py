"""`/console/regions`."""

from collections.abc import Mapping
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from admin.desk import actor_of, at_desk, see
from kernel.errors import FieldError, InvalidInput, NotFound
from kernel.principal import Principal
from kernel.web.csrf import check_csrf
from kernel.web.forms import FormLimits, field_errors, read_form
from kernel.web.templates import Pages
from verify.regions.pack import MAX_BYTES
from verify.regions.service import NAME_LENGTH, TEXT_LENGTH, Region, Regions

PATH = "/console/regions"
SECURITY = "admin:security"
LIMITS = FormLimits(file=MAX_BYTES)
STATE_TITLES: Mapping[str, str] = {
    "waiting": "Waits for approval",
    "trusted": "Trusted",
    "replaced": "Replaced by a newer list",
    "rejected": "Turned down",
    "revoked": "Trusted no more",
}
STATE_MARKS: Mapping[str, str] = {
    "waiting": "pending",
    "trusted": "valid",
    "replaced": "expired",
    "rejected": "revoked",
    "revoked": "revoked",
}
"""The shape that stands for each state."""


def routes() -> list[BaseRoute]:
    """List, bring, approve, end."""
    return [
        Route(PATH, list_regions, methods=["GET"]),
        Route(PATH, bring, methods=["POST"]),
        Route(PATH + "/{region_id}/approve", approve, methods=["POST"]),
        Route(PATH + "/{region_id}/revoke", revoke, methods=["POST"]),
    ]


async def list_regions(request: Request) -> Response:
    """All, the newest first, and the form for another."""
    principal = await at_desk(request, SECURITY)
    return await _page(request, principal)


async def bring(request: Request) -> Response:
    """Take in a pack; it waits for somebody else."""
    principal = await at_desk(request, SECURITY)
    form = await read_form(request, LIMITS)
    await check_csrf(request, form)
    try:
        file = form.file("pack")
        if file is None:
            raise InvalidInput("Choose one file.", fields=[FieldError("pack", "Choose one file.")])
        name, provenance = form.text("name"), form.text("provenance")
        await _service(request).propose(file.data, name=name, provenance=provenance, actor=actor_of(principal))
    except InvalidInput as refusal:
        return await _page(request, principal, dict(form), field_errors(refusal), 400)
    return see(PATH)


async def approve(request: Request) -> Response:
    """Believe it."""
    principal = await at_desk(request, SECURITY)
    await check_csrf(request, await read_form(request))
    await _service(request).approve(request.path_params["region_id"], actor_of(principal))
    return see(PATH)


async def revoke(request: Request) -> Response:
    """Believe it no more, or turn it down."""
    principal = await at_desk(request, SECURITY)
    form = await read_form(request)
    await check_csrf(request, form)
    try:
        await _service(request).revoke(request.path_params["region_id"], form.text("reason"), actor_of(principal))
    except InvalidInput as refusal:
        return await _page(request, principal, {}, field_errors(refusal), 400)
    return see(PATH)


async def _page(
    request: Request,
    principal: Principal,
    entered: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    pages = cast(Pages, request.app.state.pages)
    regions: list[Region] = await _service(request).listed()
    return pages.render(
        request,
        "admin/regions.html",
        status=status,
        regions=regions,
        marks=STATE_MARKS,
        titles=STATE_TITLES,
        me=principal.subject,
        entered=entered or {},
        errors=errors or {},
        most={"name": NAME_LENGTH, "text": TEXT_LENGTH},
    )


def _service(request: Request) -> Regions:
    regions: Regions | None = request.app.state.admin.regions
    if regions is None:
        raise NotFound("There is no such page.")
    return regions
