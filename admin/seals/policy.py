"""`/console/seals/{id}/use-policy`: who may use a seal, and with what proof."""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from admin.desk import at_desk, posted, see
from admin.seals.desk import load, officer, pages, register
from admin.seals.steps import APPROVE, steps_for
from kernel.errors import Conflict, InvalidInput
from kernel.i18n import gettext
from kernel.web.forms import RawForm, field_errors
from seal.seals.seal import Seal
from seal.seals.use_policy import UsePolicy

LEVEL_NAMES = {
    "0": "As signed in",
    "1": "Registered",
    "2": "Phone number proven",
    "3": "Real name proven",
    "4": "Real name proven face to face or by certificate",
}


def routes() -> list[BaseRoute]:
    """The form, and sending it."""
    return [
        Route("/console/seals/{seal_id}/use-policy", show_policy, methods=["GET"]),
        Route("/console/seals/{seal_id}/use-policy", set_policy, methods=["POST"]),
    ]


async def show_policy(request: Request) -> Response:
    """The rules as they are."""
    principal = await at_desk(request, APPROVE)
    seal = await load(request, principal)
    if "policy" not in steps_for(seal, principal.subject, principal.scopes):
        return see(f"/console/seals/{seal.id}")
    return _form(request, seal, seal.use_policy, {})


async def set_policy(request: Request) -> Response:
    """Put new rules in force at once."""
    principal = await at_desk(request, APPROVE)
    form = await posted(request)
    seal = await load(request, principal)
    wished = seal.use_policy
    try:
        wished = _read(form, seal.use_policy)
        await register(request).set_use_policy(officer(principal), seal.id, wished, form.text("pin_new") or None)
    except InvalidInput as error:
        errors = {_field(name): text for name, text in field_errors(error).items()}
        return _form(request, seal, wished, errors, status=400)
    except Conflict as error:
        return _form(request, seal, wished, {"": gettext(error.message, **error.params)}, status=409)
    return see(f"/console/seals/{seal.id}?done=policy")


def _read(form: RawForm, before: UsePolicy) -> UsePolicy:
    """What the form does not show (roles, other organisations) stays as it was."""
    level = form.text("acr_level")
    sent = replace(before, pin=False).to_dict() | {
        "vault": form.text("vault") == "yes",
        "programs": form.text("programs") == "yes",
        "licence_types": form.text("licence_types").split(),
        "persons": form.text("persons").split(),
        "acr_level": int(level) if level in LEVEL_NAMES else 0,
        "pin": form.text("pin") == "yes",
    }
    return UsePolicy.read(sent)


def _field(name: str) -> str:
    return "pin_new" if name == "pin" else name.removeprefix("use_policy.")


def _form(request: Request, seal: Seal, policy: UsePolicy, errors: dict[str, str], *, status: int = 200) -> Response:
    return pages(request).render(
        request,
        "admin/seal_policy.html",
        status=status,
        seal=seal,
        policy=policy,
        levels=[(level, gettext(name)) for level, name in LEVEL_NAMES.items()],
        errors=errors,
    )
