"""`/api/v1/admin/users`, `/organisations`, `/clients`, `/keys`: what the console does, for administrators' programs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from idp.administration.bodies import NO_STORE, PAGE_SIZE, ROOT, SECURITY, USERS, actor_of, known_person, optional, text
from idp.clients.declared import DeclaredClient, DeclaredClients
from idp.clients.service import ClientService
from idp.factors.totp import TotpService
from idp.keys import TokenKeys
from idp.organisations.service import Organisation, OrganisationService
from idp.passkeys.service import PasskeyService
from idp.persons.person import Person
from idp.persons.service import PersonService
from kernel.audit.chain import AuditEvent, AuditTrail
from kernel.database.engine import Database
from kernel.errors import Forbidden
from kernel.web.json_body import read_json


@dataclass(frozen=True)
class AdministeredParts:
    """The services behind these addresses."""

    database: Database
    audit: AuditTrail
    persons: PersonService
    organisations: OrganisationService
    clients: ClientService
    declared: DeclaredClients
    totp: TotpService
    passkeys: PasskeyService
    keys: TokenKeys


class AccountsApi:
    """One method an address."""

    def __init__(self, parts: AdministeredParts) -> None:
        self._parts = parts

    def router(self) -> APIRouter:
        """The addresses."""
        router = APIRouter(tags=["administration"])
        for path, endpoint, method, status, summary in (
            ("/users", self.list_users, "GET", 200, "People in the order they came"),
            ("/users", self.create_user, "POST", 201, "Enter somebody who signs in by password"),
            ("/users/{person_id}", self.show_user, "GET", 200, "One person"),
            ("/users/{person_id}/disable", self.disable_user, "POST", 204, "Keep somebody out; sessions end"),
            ("/users/{person_id}/enable", self.enable_user, "POST", 204, "Let somebody in again"),
            ("/users/{person_id}/reset-factors", self.reset_factors, "POST", 204, "Forget app codes and passkeys"),
            ("/organisations", self.list_organisations, "GET", 200, "Organisations by their codes"),
            ("/organisations", self.create_organisation, "POST", 201, "Enter an agency or enterprise"),
            ("/clients", self.list_clients, "GET", 200, "Applications by their ids"),
            ("/clients/{client_id}/rotate-secret", self.rotate_secret, "POST", 200, "Give an application a new secret"),
            ("/clients/{client_id}/disable", self.disable_client, "POST", 204, "Keep an application out"),
            ("/keys", self.list_keys, "GET", 200, "Public keys that tokens are checked by"),
            ("/keys/rotate", self.rotate_keys, "POST", 200, "Sign tokens with a new key"),
        ):
            router.add_api_route(
                ROOT + path, endpoint, methods=[method], status_code=status, summary=summary, response_model=None
            )
        return router

    async def list_users(self, request: Request) -> Response:
        """A page; names and numbers of register and contacts are not told."""
        await known_person(request, self._parts.persons, USERS, SECURITY)
        found = await self._parts.persons.list(after=request.query_params.get("after", ""), limit=PAGE_SIZE)
        return _page("users", found, _user, lambda each: each.id)

    async def show_user(self, request: Request, person_id: str) -> Response:
        """One person."""
        await known_person(request, self._parts.persons, USERS, SECURITY)
        return JSONResponse(_user(await self._parts.persons.load(person_id)), headers=NO_STORE)

    async def create_user(self, request: Request) -> Response:
        """201 with the person; roles are given elsewhere, by the security administrator."""
        principal = await known_person(request, self._parts.persons, USERS)
        body = await read_json(request)
        person = await self._parts.persons.create(
            text(body, "username"), text(body, "password"), text(body, "display_name"), actor=actor_of(principal)
        )
        return JSONResponse(_user(person), 201, headers=NO_STORE)

    async def disable_user(self, request: Request, person_id: str) -> Response:
        """204; nobody disables themselves."""
        principal = await known_person(request, self._parts.persons, USERS)
        if principal.subject == person_id:
            raise Forbidden("You cannot disable your own account. Ask another administrator.")
        await self._parts.persons.disable(person_id, actor_of(principal))
        return Response(status_code=204)

    async def enable_user(self, request: Request, person_id: str) -> Response:
        """204."""
        principal = await known_person(request, self._parts.persons, USERS)
        await self._parts.persons.enable(person_id, actor_of(principal))
        return Response(status_code=204)

    async def reset_factors(self, request: Request, person_id: str) -> Response:
        """204; nobody resets their own: a stolen token must not take the second factor away."""
        principal = await known_person(request, self._parts.persons, SECURITY)
        if principal.subject == person_id:
            raise Forbidden("You cannot reset your own second factor. Ask another administrator.")
        await self._parts.persons.load(person_id)
        await self._parts.totp.forget(person_id, actor=actor_of(principal))
        await self._parts.passkeys.forget_all(person_id, actor_of(principal))
        return Response(status_code=204)

    async def list_organisations(self, request: Request) -> Response:
        """A page."""
        await known_person(request, self._parts.persons, USERS, SECURITY)
        found = await self._parts.organisations.page(after=request.query_params.get("after", ""), limit=PAGE_SIZE)
        return _page("organisations", found, _organisation, lambda each: each.uscc)

    async def create_organisation(self, request: Request) -> Response:
        """201 with the organisation."""
        principal = await known_person(request, self._parts.persons, USERS)
        body = await read_json(request)
        made = await self._parts.organisations.create(
            text(body, "uscc"), text(body, "name"), optional(body, "kind") or "agency", actor=actor_of(principal)
        )
        return JSONResponse(_organisation(made), 201, headers=NO_STORE)

    async def list_clients(self, request: Request) -> Response:
        """A page, disabled ones too; no secrets, nor hashes of them."""
        await known_person(request, self._parts.persons, USERS)
        found = await self._parts.declared.list(request.query_params.get("after", ""), PAGE_SIZE)
        return _page("clients", found, _client, lambda each: each.registration.client_id or "")

    async def rotate_secret(self, request: Request, client_id: str) -> Response:
        """The new secret, this once; the old one ends at once."""
        principal = await known_person(request, self._parts.persons, USERS)
        secret = await self._parts.clients.rotate_secret(client_id, actor_of(principal))
        return JSONResponse({"client_id": client_id, "client_secret": secret}, headers=NO_STORE)

    async def disable_client(self, request: Request, client_id: str) -> Response:
        """204."""
        principal = await known_person(request, self._parts.persons, USERS)
        await self._parts.clients.disable(client_id, actor_of(principal))
        return Response(status_code=204)

    async def list_keys(self, request: Request) -> Response:
        """As at `/oauth2/jwks`, and which one signs now."""
        await known_person(request, self._parts.persons, SECURITY)
        await self._parts.keys.keep_fresh()
        return JSONResponse({**self._parts.keys.jwks(), "signing": self._parts.keys.current.kid}, headers=NO_STORE)

    async def rotate_keys(self, request: Request) -> Response:
        """The id of the key that signs from now on; the one before stays published."""
        principal = await known_person(request, self._parts.persons, SECURITY)
        kid = await self._parts.keys.rotate()
        async with self._parts.database.transaction() as session:
            event = AuditEvent("idp.keys.rotate", actor_of(principal), f"key:{kid}")
            await self._parts.audit.record(session, event)
        return JSONResponse({"kid": kid}, headers=NO_STORE)


def _page(name: str, found: Sequence[Any], shown: Callable[[Any], Any], key: Callable[[Any], str]) -> Response:
    more = key(found[-1]) if len(found) == PAGE_SIZE else None
    return JSONResponse({name: [shown(each) for each in found], "next": more}, headers=NO_STORE)


def _user(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "username": person.username,
        "display_name": person.display_name,
        "state": person.state.value,
        "assurance_level": person.assurance_level,
        "created_at": person.created_at.isoformat(),
    }


def _organisation(organisation: Organisation) -> dict[str, Any]:
    return {"uscc": organisation.uscc, "name": organisation.name, "kind": organisation.kind}


def _client(client: DeclaredClient) -> dict[str, Any]:
    registration = client.registration
    return {
        "client_id": registration.client_id,
        "name": registration.name,
        "role": str(registration.role),
        "scopes": sorted(registration.scopes),
        "grant_types": sorted(registration.grant_types),
        "organisation": registration.organisation_uscc,
        "disabled": client.is_disabled,
    }
