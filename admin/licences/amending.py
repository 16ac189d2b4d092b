"""`/console/licences/{id}/amend`: the next version of a licence, by the form of its type, filled in as it stands."""

import secrets
from collections.abc import Mapping
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from admin.desk import at_desk, see
from admin.licences.form import fields_of, typed_fields
from admin.licences.routes import (
    ISSUE,
    LicenceDesk,
    id_types,
    order_of,
    posted_with_pictures,
    requester_of,
    typed,
)
from kernel.errors import Conflict, InvalidInput
from kernel.i18n import gettext
from kernel.principal import Principal
from kernel.web.forms import field_errors
from kernel.web.templates import Pages
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.issuing.service import NOT_REISSUABLE
from licence_vault.licences.licence import Licence, LicenceStatus
from licence_vault.licences.succession import CHANGE_TITLES
from licence_vault.lookup.access import Viewer


def routes() -> list[BaseRoute]:
    """Fill in, then issue."""
    return [
        Route("/console/licences/{licence_id}/amend", fill_in, methods=["GET"]),
        Route("/console/licences/{licence_id}/amend", amend, methods=["POST"]),
    ]


async def fill_in(request: Request) -> Response:
    """The form, with what the licence says now."""
    principal = await at_desk(request, ISSUE)
    licence = await _licence(request, principal)
    if licence.superseded_by or licence.status is LicenceStatus.REVOKED:
        raise Conflict(NOT_REISSUABLE)
    await _desk(request).lookup.note_access(licence.id, "agency", licence.issuer_name)
    licence_type = await _desk(request).catalogue.load(licence.type_code)
    return _page(request, principal, licence, licence_type, _said(licence, licence_type), {})


async def amend(request: Request) -> Response:
    """Issue the next version; the one before is superseded in the same step."""
    principal = await at_desk(request, ISSUE)
    form = await posted_with_pictures(request)
    licence = await _licence(request, principal)
    desk = _desk(request)
    licence_type = await desk.catalogue.load(licence.type_code)
    body = order_of(licence_type, form) | {"change": form.text("change")}
    try:
        newer = await desk.issuing.reissue(licence.id, body, requester_of(principal, form))
    except InvalidInput as error:
        filled = typed(licence_type, form)
        return _page(request, principal, licence, licence_type, filled, field_errors(error), status=400)
    except Conflict as error:
        refusal = {"": gettext(error.message, **error.params)}
        filled = typed(licence_type, form)
        return _page(request, principal, licence, licence_type, filled, refusal, status=409)
    return see(f"/console/licences/{newer.id}?done=amend")


def _said(licence: Licence, licence_type: LicenceType) -> dict[str, str]:
    """What a licence says, as it would be typed."""
    holder = licence.content.holder
    given = typed_fields(licence_type, licence.content.fields)
    given |= {"holder.id_type": holder.id_type, "holder.number": holder.number, "holder.name": holder.name}
    given |= {"valid_from": licence.valid_from.isoformat()}
    return given | ({"valid_to": licence.valid_to.isoformat()} if licence.valid_to else {"without_end": "yes"})


def _page(
    request: Request,
    principal: Principal,
    licence: Licence,
    licence_type: LicenceType,
    given: Mapping[str, Any],
    errors: Mapping[str, str],
    *,
    status: int = 200,
) -> Response:
    return cast(Pages, request.app.state.pages).render(
        request,
        "admin/licence_new.html",
        status=status,
        previous=licence,
        kinds=[(kind, gettext(title)) for kind, title in CHANGE_TITLES.items()],
        licence_type=licence_type,
        fields=fields_of(licence_type, with_pictures=True),
        id_types=id_types(licence_type.holder_id_types),
        given=given,
        errors=dict(errors),
        once=given.get("once") or secrets.token_urlsafe(18),
        organisation=principal.organisation,
    )


async def _licence(request: Request, principal: Principal) -> Licence:
    licence: Licence = await _desk(request).lookup.load(Viewer(principal), request.path_params["licence_id"])
    return licence


def _desk(request: Request) -> LicenceDesk:
    return cast(LicenceDesk, request.app.state.admin.licences)
