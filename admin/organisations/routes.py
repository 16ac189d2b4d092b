"""`/console/organisations`."""

from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from admin.desk import actor_of, at_desk, posted, see
from idp.organisations.service import OrganisationService
from kernel.errors import Conflict, FieldError, InvalidInput
from kernel.i18n import gettext
from kernel.web.forms import field_errors
from kernel.web.templates import Pages

USERS = "admin:users"


def routes() -> list[BaseRoute]:
    """List and enter."""
    return [
        Route("/console/organisations", list_organisations, methods=["GET"]),
        Route("/console/organisations", enter_organisation, methods=["POST"]),
    ]


async def list_organisations(request: Request) -> Response:
    """All of them, and the form for one more."""
    await at_desk(request, USERS)
    return await _page(request, {}, {})


async def enter_organisation(request: Request) -> Response:
    """Enter one; the check digit of its code is checked."""
    principal = await at_desk(request, USERS)
    form = await posted(request)
    given = {name: form.text(name) for name in ("uscc", "name", "kind")}
    try:
        if not given["name"]:
            message = "Fill in the organisation's full name."
            raise InvalidInput(message, fields=[FieldError("name", message)])
        await _service(request).create(**given, actor=actor_of(principal))
    except InvalidInput as error:
        errors = field_errors(error)
        # The code's own check names no field: it is about the code.
        return await _page(request, given, {name or "uscc": text for name, text in errors.items()}, status=400)
    except Conflict as error:
        return await _page(request, given, {"uscc": gettext(error.message, **error.params)}, status=409)
    return see("/console/organisations?done=entered")


async def _page(request: Request, given: dict[str, str], errors: dict[str, str], *, status: int = 200) -> Response:
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "admin/organisations.html",
        status=status,
        organisations=await _service(request).list(),
        given=given,
        errors=errors,
        done=request.query_params.get("done", ""),
    )


def _service(request: Request) -> OrganisationService:
    return cast(OrganisationService, request.app.state.admin.organisations)
