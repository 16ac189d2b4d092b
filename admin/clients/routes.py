"""`/console/clients`."""

from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from admin.desk import actor_of, at_desk, posted, see
from idp.clients.client import DEVICE_CODE, GRANT_TYPES, TOKEN_EXCHANGE, Client, ClientRegistration, ClientRole
from idp.clients.service import ClientService
from idp.roles.scopes import ALL_SCOPES
from kernel.errors import Conflict, InvalidInput, NotFound
from kernel.i18n import gettext
from kernel.web.forms import RawForm, field_errors
from kernel.web.templates import Pages

USERS = "admin:users"

ROLE_NAMES = {
    ClientRole.WEB: "Website or app that signs people in",
    ClientRole.AGENCY: "System of an issuing agency",
    ClientRole.VERIFIER: "System that verifies licences",
    ClientRole.MACHINE: "Other program",
}

GRANT_NAMES = {
    "authorization_code": "Signs people in",
    "refresh_token": "Stays signed in",
    "client_credentials": "Acts in its own name",
    DEVICE_CODE: "Signs people in on devices without a keyboard",
    TOKEN_EXCHANGE: "Exchanges tokens for narrower ones",
}


def routes() -> list[BaseRoute]:
    """List, register, look at, give a new secret, disable."""
    return [
        Route("/console/clients", list_clients, methods=["GET"]),
        Route("/console/clients/new", new_client, methods=["GET"]),
        Route("/console/clients/new", register_client, methods=["POST"]),
        Route("/console/clients/{client_id}", show_client, methods=["GET"]),
        Route("/console/clients/{client_id}/secret", rotate_secret, methods=["POST"]),
        Route("/console/clients/{client_id}/disable", disable_client, methods=["POST"]),
    ]


async def list_clients(request: Request) -> Response:
    """Every application."""
    await at_desk(request, USERS)
    clients = await _service(request).list()
    return _pages(request).render(request, "admin/clients.html", clients=clients, role_names=ROLE_NAMES)


async def new_client(request: Request) -> Response:
    """The empty form."""
    await at_desk(request, USERS)
    return _form(request, RawForm(), {})


async def register_client(request: Request) -> Response:
    """Register; the secret is shown once."""
    principal = await at_desk(request, USERS)
    form = await posted(request)
    try:
        client, secret = await _service(request).create(_registration(form), actor=actor_of(principal))
    except InvalidInput as error:
        return _form(request, form, field_errors(error), status=400)
    except Conflict as error:
        return _form(request, form, {"": gettext(error.message, **error.params)}, status=409)
    return _client_page(request, client, secret=secret)


async def show_client(request: Request) -> Response:
    """One application."""
    await at_desk(request, USERS)
    return _client_page(request, await _load(request))


async def rotate_secret(request: Request) -> Response:
    """Give a new secret, shown once; the old one ends."""
    principal = await at_desk(request, USERS)
    await posted(request)
    client = await _load(request)
    try:
        secret = await _service(request).rotate_secret(client.client_id, actor=actor_of(principal))
    except InvalidInput as error:
        return _client_page(request, client, errors=field_errors(error))
    return _client_page(request, client, secret=secret)


async def disable_client(request: Request) -> Response:
    """Keep the application out."""
    principal = await at_desk(request, USERS)
    await posted(request)
    await _service(request).disable(request.path_params["client_id"], actor=actor_of(principal))
    return see("/console/clients")


def _registration(form: RawForm) -> ClientRegistration:
    return ClientRegistration(
        name=form.text("name"),
        role=form.text("role"),
        redirect_uris=tuple(form.text("redirect_uris").split()),
        scopes=tuple(form.all("scopes")),
        grant_types=tuple(form.all("grant_types")),
        organisation_uscc=form.text("organisation_uscc") or None,
        organisation_name=form.text("organisation_name") or None,
        is_public=form.text("is_public") == "yes",
        may_realname=form.text("may_realname") == "yes",
    )


def _form(request: Request, form: RawForm, errors: dict[str, str], *, status: int = 200) -> Response:
    return _pages(request).render(
        request,
        "admin/client_new.html",
        status=status,
        form=form,
        errors=errors,
        role_options=[(role.value, gettext(name)) for role, name in ROLE_NAMES.items()],
        grant_options=[(grant, gettext(GRANT_NAMES[grant])) for grant in GRANT_TYPES],
        scope_options=[(scope, scope) for scope in sorted(ALL_SCOPES)],
    )


def _client_page(
    request: Request, client: Client, *, secret: str | None = None, errors: dict[str, str] | None = None
) -> Response:
    response = _pages(request).render(
        request,
        "admin/client.html",
        client=client,
        secret=secret,
        role_name=gettext(ROLE_NAMES[client.role]),
        grants=[gettext(GRANT_NAMES[grant]) for grant in GRANT_TYPES if grant in client.grant_types],
        errors=errors or {},
    )
    response.headers["Cache-Control"] = "no-store"
    return response


async def _load(request: Request) -> Client:
    client = await _service(request).find(request.path_params["client_id"])
    if client is None:
        raise NotFound("There is no such application.")
    return client


def _service(request: Request) -> ClientService:
    return cast(ClientService, request.app.state.admin.clients)


def _pages(request: Request) -> Pages:
    return cast(Pages, request.app.state.pages)
