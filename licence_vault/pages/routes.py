"""`/me/licences`, one licence, its picture, and showing it (亮证)."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kernel.i18n import gettext as _
from kernel.principal import PRESENT, SEE
from kernel.web.csrf import check_csrf
from kernel.web.forms import read_form
from kernel.web.sign_in import require_sign_in
from licence_vault.catalogue.fields import face_text
from licence_vault.catalogue.licence_type import label
from licence_vault.licences.licence import Licence, code_name
from licence_vault.licences.succession import CHANGE_TITLES, FIRST
from licence_vault.lookup.access import Viewer
from licence_vault.lookup.routes import today
from licence_vault.pages.grants import field_labels, grant_page_routes
from licence_vault.pages.looks import told
from licence_vault.pages.notices import notice_page_routes
from licence_vault.pages.presenting import presenting_routes
from licence_vault.pages.preview import WIDTHS
from licence_vault.pages.qr_image import draw_qr
from licence_vault.pages.rendering import render
from licence_vault.wallets.offers import OFFER_SECONDS


def page_routes() -> list[BaseRoute]:
    """Every page of a citizen's licences."""
    return [
        Route("/me/licences", show_cards, methods=["GET"]),
        Route("/me/licences/{licence_id}", show_licence, methods=["GET"]),
        Route("/me/licences/{licence_id}/preview.png", show_preview, methods=["GET"]),
        *presenting_routes(),
        Route("/me/licences/{licence_id}/wallet", explain_wallet, methods=["GET"]),
        Route("/me/licences/{licence_id}/wallet", offer_to_wallet, methods=["POST"]),
        *grant_page_routes(),
        *notice_page_routes(),
    ]


async def show_cards(request: Request) -> Response:
    """One's own licences, then those of the organisations one acts for."""
    viewer = await _viewer(request)
    vault = request.app.state.licence_vault
    licences = await vault.lookup.own(viewer)
    own = [_card(request, each) for each in licences if each.content.holder.kind == "natural"]
    organisations: dict[str, list[dict[str, Any]]] = {}
    for each in licences:
        if each.content.holder.kind == "legal":
            organisations.setdefault(each.content.holder.name, []).append(_card(request, each))
    return render(
        request,
        "cards.html",
        own=own,
        organisations=organisations,
        has_real_name=bool(viewer.holder_indexes),
        unread=await vault.notices.unread(viewer),
    )


async def show_licence(request: Request) -> Response:
    """One licence: its face, its facts, its files, who looked at it."""
    vault = request.app.state.licence_vault
    licence = await _own_licence(request)
    await vault.lookup.note_look(await _viewer(request), licence)
    licence_type = await vault.catalogue.load(licence.type_code, licence.type_version)
    facts = [
        (label(schema.get("x-labels", {})) or name, face_text(schema, licence.content.fields[name]))
        for name, schema in licence_type.fields
        if name in licence.content.fields
        and name not in licence_type.pictures
        and f"fields.{name}" != licence_type.document.get("number")
    ]
    return render(
        request,
        "licence.html",
        licence=licence,
        card=_card(request, licence),
        state=licence.status_on(today(request)),
        facts=facts,
        versions=await _versions(request, licence),
        events=[_event(event) for event in reversed(await vault.lookup.events(licence))],
        accesses=[told(each, field_labels(licence_type)) for each in await vault.lookup.accesses(licence)],
    )


async def show_preview(request: Request) -> Response:
    """The first page as a picture; `w` is 480 or 1200."""
    vault = request.app.state.licence_vault
    licence = await _own_licence(request)
    width = WIDTHS[0] if request.query_params.get("w") == str(WIDTHS[0]) else WIDTHS[1]
    picture = vault.previews.find(licence.pdf_digest, width)
    if picture is None:
        pdf = await vault.lookup.file(licence, "pdf")
        picture = await asyncio.to_thread(vault.previews.render, licence.pdf_digest, pdf, width)
    return Response(picture, media_type="image/png", headers={"Cache-Control": "private, max-age=300"})


async def explain_wallet(request: Request) -> Response:
    """What a credential is, before there is an offer."""
    return render(request, "wallet.html", licence=await _own_licence(request, PRESENT), offer=None)


async def offer_to_wallet(request: Request) -> Response:
    """The QR code that a wallet scans, and the digits that it asks for."""
    form = await read_form(request)
    await check_csrf(request, form)
    principal = await require_sign_in(request)
    licence = await _own_licence(request, PRESENT)
    made = await request.app.state.licence_vault.wallets.offer(licence, principal.subject)
    return render(request, "wallet.html", licence=licence, offer=made, qr=draw_qr(made.link), seconds=OFFER_SECONDS)


async def _viewer(request: Request, power: str = SEE) -> Viewer:
    principal = await require_sign_in(request)
    holders, lookup = request.app.state.holders, request.app.state.licence_vault.lookup
    viewer: Viewer = await lookup.viewer(principal, holders, power)
    return viewer


async def _own_licence(request: Request, power: str = SEE) -> Licence:
    viewer = await _viewer(request, power)
    licence: Licence = await request.app.state.licence_vault.lookup.load_own(viewer, request.path_params["licence_id"])
    return licence


def _card(request: Request, licence: Licence) -> dict[str, Any]:
    """What the licence card component takes."""
    href, status = f"/me/licences/{licence.id}", licence.status_on(today(request))
    show = [(_("Show"), f"{href}/present")] if status == "valid" else []
    return {
        "type_name": licence.type_name,
        "number": licence.content.number,
        "issuer": licence.issuer_name,
        "status": status,
        "href": href,
        "valid_to": licence.valid_to,
        "thumbnail": f"{href}/preview.png?w={WIDTHS[0]}",
        "holder_masked": licence.content.holder.masked_name,
        "number_masked": licence.content.holder.masked_number,
        "actions": [*show, (_("Open"), href)],
    }


async def _versions(request: Request, licence: Licence) -> list[tuple[Licence, str, str]]:
    """Every version, how it stands, and why it was issued."""
    lookup = request.app.state.licence_vault.lookup
    versions = await lookup.versions(licence)
    changes = await lookup.changes(versions)
    return [(each, each.status_on(today(request)), _title(changes.get(each.id, FIRST))) for each in versions]


def _title(action: str) -> str:
    titles = {FIRST: _("Issued"), "revoke": _("Revoked"), "suspend": _("Suspended"), "resume": _("Back in force")}
    titles |= {"supersede": _("Replaced by a newer version")}
    titles |= {kind: _(title) for kind, title in CHANGE_TITLES.items()}
    return titles.get(action, action)


def _event(event: Any) -> dict[str, Any]:
    return {
        "at": event.at,
        "title": _title(event.action),
        "detail": " ".join(part for part in (code_name(event.cause_code), event.cause) if part),
    }
