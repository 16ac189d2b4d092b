"""`/console/seals`: the list, one seal with its life, and the steps of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import cast
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from admin.desk import at_desk, posted, see
from admin.seals import applying, importing, policy, use_log
from admin.seals.certificates import facts_of
from admin.seals.desk import load, names_of, officer, pages, register, uses
from admin.seals.steps import APPLY, APPROVE, USE, steps_for
from admin.seals.wording import (
    CAUSE_NAMES,
    EVENT_NAMES,
    REASON_NAMES,
    SHAPE_NAMES,
    STATE_NAMES,
    STATE_SHAPES,
    SUSPENSION_NAMES,
)
from kernel.errors import Conflict, Forbidden, InvalidInput
from kernel.i18n import gettext
from kernel.principal import Principal
from kernel.web.forms import RawForm, field_errors
from seal.seals.routes import picture_response
from seal.seals.seal import (
    REASON_CODES,
    SUSPENSION_CAUSES,
    RevocationReason,
    Seal,
    SealEvent,
    SealSearch,
)
from seal.seals.service import PAGE

EXPIRING = timedelta(days=60)
RECENT_USES = 10
QUESTIONS = ("reject", "suspend", "revoke")
"""The steps that ask why first."""


def routes() -> list[BaseRoute]:
    """List, apply, look, uses, and the steps of a seal's life."""
    return [
        Route("/console/seals", list_seals, methods=["GET"]),
        *applying.routes(),
        *importing.routes(),
        *use_log.routes(),
        *policy.routes(),
        Route("/console/seals/{seal_id}", show_seal, methods=["GET"]),
        Route("/console/seals/{seal_id}/picture", send_picture, methods=["GET"]),
        Route("/console/seals/{seal_id}/revocation", ask_to_revoke, methods=["GET"]),
        Route("/console/seals/{seal_id}/{step:str}", ask_why, methods=["GET"]),
        Route("/console/seals/{seal_id}/{step:str}", take_step, methods=["POST"]),
    ]


async def list_seals(request: Request) -> Response:
    """The seals of the officer's organisation, or all for who acts for none; those waiting come first."""
    principal = await at_desk(request, APPLY, APPROVE, USE)
    given = {name: request.query_params.get(name, "").strip()[:64] for name in ("q", "state")}
    now = uses(request).now()
    expiring = given["state"] == "expiring"
    search = SealSearch(
        owner_uscc=principal.organisation.uscc if principal.organisation else None,
        state=given["state"] if given["state"] in STATE_NAMES else None,
        text=given["q"],
        expiring_before=now + EXPIRING if expiring else None,
        now=now,
        before=request.query_params.get("before"),
    )
    seals = await register(request).seals(search)
    more = f"/console/seals?{urlencode(given | {'before': seals[-1].id})}" if len(seals) == PAGE else None
    return pages(request).render(
        request,
        "admin/seals.html",
        seals=sorted(seals, key=lambda seal: seal.state != "draft"),
        shapes=STATE_SHAPES,
        state_names=STATE_NAMES,
        soon=now + EXPIRING,
        given=given,
        more=more,
        may_apply=APPLY in principal.scopes,
    )


async def show_seal(request: Request) -> Response:
    """One seal with its life and uses, and the steps that this person may take."""
    principal = await at_desk(request, APPLY, APPROVE, USE)
    return await _seal_page(request, principal)


async def send_picture(request: Request) -> Response:
    """What the seal looks like."""
    seal = await load(request, await at_desk(request, APPLY, APPROVE, USE))
    picture = await register(request).picture(seal.id)
    return picture_response(picture, seal.picture_format, {"Cache-Control": "private, max-age=300"})


async def ask_to_revoke(request: Request) -> Response:
    """The one step that cannot be undone asks for its reason first."""
    seal = await load(request, await at_desk(request, APPROVE))
    return _question(request, seal, "revoke", {})


async def ask_why(request: Request) -> Response:
    """The steps that need a cause ask for it before they are taken."""
    principal = await at_desk(request, APPROVE)
    seal, step = await load(request, principal), request.path_params["step"]
    if step not in QUESTIONS or step not in steps_for(seal, principal.subject, principal.scopes):
        return see(f"/console/seals/{seal.id}")
    return _question(request, seal, step, {})


async def take_step(request: Request) -> Response:
    """Approve, reject, withdraw, suspend, resume or revoke."""
    principal = await at_desk(request, APPLY, APPROVE)
    form = await posted(request)
    seal, step = await load(request, principal), request.path_params["step"]
    principal.require_scope(APPLY if step == "withdraw" else APPROVE)
    try:
        await _take(request, principal, seal, form)
    except InvalidInput as error:
        errors = field_errors(error) or {"reason": gettext(error.message)}
        return _question(request, seal, step, errors, given=form.text("reason"), status=400)
    except (Conflict, Forbidden) as error:
        return await _seal_page(request, principal, refusal=gettext(error.message, **error.params), status=409)
    return see(f"/console/seals/{seal.id}?done={step}")


async def _take(request: Request, principal: Principal, seal: Seal, form: RawForm) -> None:
    seals, who, reason = register(request), officer(principal), form.text("reason")
    match request.path_params["step"]:
        case "approve":
            await seals.approve(who, seal.id, owner_confirmed=form.text("confirm_owner") == "yes")
        case "reject":
            await seals.reject(who, seal.id, reason)
        case "withdraw":
            await seals.withdraw(who, seal.id)
        case "suspend":
            if reason and reason not in SUSPENSION_CAUSES:
                raise InvalidInput("Choose why the seal is suspended.")
            await seals.suspend(who, seal.id, reason or "owner-request")
        case "resume":
            await seals.resume(who, seal.id)
        case "revoke":
            if reason not in REASON_CODES:
                raise InvalidInput("Choose why the seal is revoked.")
            await seals.revoke(who, seal.id, cast(RevocationReason, reason))
        case _:
            raise Conflict("There is no such step.")


async def _seal_page(
    request: Request, principal: Principal, *, refusal: str | None = None, status: int = 200
) -> Response:
    seal = await load(request, principal)
    events = await register(request).events(seal.id)
    recent = await use_log.recent(request, seal, RECENT_USES)
    names = await names_of(request, [*(event.actor for event in events), *(use.actor for use in recent)])
    return pages(request).render(
        request,
        "admin/seal.html",
        status=status,
        seal=seal,
        mark=STATE_SHAPES.get(seal.state, seal.state),
        state_title=gettext(STATE_NAMES[seal.state]),
        cause=_cause(seal.cause),
        shape=gettext(SHAPE_NAMES.get(seal.shape, "")),
        events=[_event(each, names) for each in reversed(events)],
        names=names,
        certificates=facts_of(seal),
        uses=recent,
        steps=steps_for(seal, principal.subject, principal.scopes),
        refusal=refusal,
        done=request.query_params.get("done", ""),
    )


def _event(event: SealEvent, names: Mapping[str, str]) -> dict[str, object]:
    parts = filter(
        None, (_cause(event.cause), event.note, gettext("by {who}", who=names.get(event.actor, event.actor)))
    )
    return {
        "title": gettext(EVENT_NAMES.get(event.action, event.action)),
        "at": event.at,
        "detail": " · ".join(parts),
    }


def _cause(code: str | None) -> str | None:
    return gettext(CAUSE_NAMES.get(code, code)) if code else None


def _question(
    request: Request, seal: Seal, step: str, errors: dict[str, str], *, given: str = "", status: int = 200
) -> Response:
    asked: dict[str, Mapping[str, str]] = {
        "suspend": dict(SUSPENSION_NAMES),
        "revoke": dict(REASON_NAMES),
    }
    return pages(request).render(
        request,
        "admin/seal_step.html",
        status=status,
        seal=seal,
        step=step,
        options=[(reason, gettext(name)) for reason, name in asked.get(step, {}).items()],
        given=given,
        errors=errors,
    )
