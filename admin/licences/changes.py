"""`/console/licences/{id}/{revoke|suspend|resume}`: each asks for its cause on a page of its own."""

from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from admin.desk import actor_of, at_desk, posted, see
from kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from kernel.i18n import gettext
from kernel.web.forms import field_errors
from kernel.web.templates import Pages
from licence_vault.issuing.changes import CHANGES, Cause, LicenceChanges
from licence_vault.licences.licence import Licence, code_name
from licence_vault.lookup.access import Viewer

MANAGE = "licence:manage"

ACTION_TITLES = {
    "revoke": "Revoke the licence",
    "suspend": "Suspend the licence",
    "resume": "Put the licence into force again",
}

# 国家标准类型中的状态原因 (GB/T 36903 family): what officers choose from most often.
CAUSE_NAMES = {
    "revoke": ("Cancelled at the holder's request", "Withdrawn by law", "Obtained by deceit", "Issued by mistake"),
    "suspend": ("Withheld during an inquiry", "An annual report is overdue"),
    "resume": ("The inquiry is over", "What was missing is there"),
}


def routes() -> list[BaseRoute]:
    """Ask, then do."""
    return [
        Route("/console/licences/{licence_id}/{action}", ask, methods=["GET"]),
        Route("/console/licences/{licence_id}/{action}", change, methods=["POST"]),
    ]


async def ask(request: Request) -> Response:
    """What will happen, and the cause."""
    principal = await at_desk(request, MANAGE)
    action = _action(request)
    licence = await request.app.state.admin.licences.lookup.load(Viewer(principal), request.path_params["licence_id"])
    return _page(request, licence, action, cause="", errors={})


async def change(request: Request) -> Response:
    """Do it; the next verification sees it."""
    principal = await at_desk(request, MANAGE)
    form = await posted(request)
    action = _action(request)
    licence = await request.app.state.admin.licences.lookup.load(Viewer(principal), request.path_params["licence_id"])
    cause = form.text("other") or form.text("cause")
    code = form.text("cause_code")
    changes = cast(LicenceChanges, request.app.state.admin.licence_changes)
    if principal.organisation is None:
        raise Forbidden("You act for no organisation, so you cannot change its licences.")
    try:
        await changes.apply(action, licence.id, principal.organisation.uscc, Cause(cause, code), actor_of(principal))
    except InvalidInput as error:
        return _page(request, licence, action, cause=cause, errors=field_errors(error), status=400)
    except Conflict as error:
        errors = {"": gettext(error.message, **error.params)}
        return _page(request, licence, action, cause=cause, errors=errors, status=409)
    return see(f"/console/licences/{licence.id}?done={action}")


def _action(request: Request) -> str:
    action: str = request.path_params["action"]
    if action not in CHANGES:
        raise NotFound("There is no such page.")
    return action


def _page(
    request: Request, licence: Licence, action: str, *, cause: str, errors: dict[str, str], status: int = 200
) -> Response:
    pages: Pages = request.app.state.pages
    causes = [gettext(each) for each in CAUSE_NAMES[action]]
    return pages.render(
        request,
        "admin/licence_change.html",
        status=status,
        licence=licence,
        action=action,
        title=gettext(ACTION_TITLES[action]),
        needs_cause=CHANGES[action].needs_cause,
        causes=[(each, each) for each in causes],
        codes=[(code, f"{code} {code_name(code)}") for code in CHANGES[action].cause_codes],
        cause=cause,
        other=cause if cause not in causes else "",
        errors=errors,
    )
