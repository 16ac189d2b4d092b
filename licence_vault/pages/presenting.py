"""`/me/licences/{id}/present`: what to show, then the code."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kernel.errors import InvalidInput
from kernel.i18n import gettext as _
from kernel.i18n import ngettext
from kernel.principal import PRESENT
from kernel.web.csrf import check_csrf
from kernel.web.forms import RawForm, field_errors, read_form
from kernel.web.sign_in import require_sign_in
from licence_vault.catalogue.licence_type import label
from licence_vault.licences.licence import Licence
from licence_vault.pages.qr_image import draw_qr
from licence_vault.pages.rendering import render
from licence_vault.presentations.service import PURPOSE_LENGTH, SECONDS, Showing

ANY = "any"
"""In the form: any number of scans."""
LENGTHS = (30, SECONDS, 300)


def presenting_routes() -> list[BaseRoute]:
    """Asking, and the code."""
    return [
        Route("/me/licences/{licence_id}/present", ask_what_to_show, methods=["GET"]),
        Route("/me/licences/{licence_id}/present", present, methods=["POST"]),
    ]


async def ask_what_to_show(request: Request) -> Response:
    """What the verifier will see, before the code is made."""
    licence = await _own_licence(request)
    return render(request, "present.html", **await _form(request, licence, Showing()), errors={})


async def present(request: Request) -> Response:
    """The code, large, with its countdown; at zero the page asks for the next one."""
    vault = request.app.state.licence_vault
    form = await read_form(request)
    await check_csrf(request, form)
    principal = await require_sign_in(request)
    licence = await _own_licence(request)
    showing = _read(form)
    try:
        made = await vault.presentations.present(licence, principal.subject, showing)
    except InvalidInput as refusal:
        errors = field_errors(refusal)
        return render(request, "present.html", status=400, **await _form(request, licence, showing), errors=errors)
    url = made.url(vault.public_url)
    return render(request, "code.html", licence=licence, showing=showing, url=url, qr=draw_qr(url))


def _read(form: RawForm) -> Showing:
    """Numbers that are none become ones that are refused."""
    seconds, scans = form.get("seconds") or str(SECONDS), form.get("scans") or ANY
    return Showing(
        shows=tuple(form.all("shows")),
        seconds=int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 6 else 0,
        scans=None if scans == ANY else int(scans) if scans.isascii() and scans.isdigit() and len(scans) < 6 else 0,
        purpose=(form.get("purpose") or "").strip(),
    )


async def _form(request: Request, licence: Licence, showing: Showing) -> Mapping[str, Any]:
    vault = request.app.state.licence_vault
    licence_type = await vault.catalogue.load(licence.type_code, licence.type_version)
    own = [
        ("holder_name", _("Holder's name")),
        ("holder_number", _("Holder's number")),
        ("number", _("Licence number")),
    ]
    fields = [
        (f"fields.{name}", label(schema.get("x-labels", {})) or name)
        for name, schema in licence_type.fields
        if name in licence.content.fields
        and name not in licence_type.pictures
        and f"fields.{name}" != licence_type.document.get("number")
    ]
    return {
        "licence": licence,
        "showing": showing,
        "showable": own + fields,
        "lengths": [(each, ngettext("{n} second", "{n} seconds", each)) for each in LENGTHS],
        "scan_choices": [(ANY, _("As often as it is shown")), ("1", _("Once"))],
        "purpose_length": PURPOSE_LENGTH,
    }


async def _own_licence(request: Request) -> Licence:
    principal = await require_sign_in(request)
    vault = request.app.state.licence_vault
    viewer = await vault.lookup.viewer(principal, request.app.state.holders, PRESENT)
    licence: Licence = await vault.lookup.load_own(viewer, request.path_params["licence_id"])
    return licence
