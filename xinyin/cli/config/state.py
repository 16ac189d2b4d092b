"""What is set up in a house, as entries."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from idp.assignments.service import Assignment
from idp.units.service import Unit
from kernel.errors import Conflict
from licence_vault.catalogue.service import SHIPPED
from sso_proxy.sites.site import Site
from xinyin.cli.config.kinds import (
    ASSIGNMENTS,
    CLIENTS,
    GROUPS,
    LICENCE_TYPES,
    ORGANISATIONS,
    SITES,
    UNITS,
    Entry,
    Kind,
    SecretValue,
)
from xinyin.house import House
from xinyin.own_clients import GATEWAY_CLIENT_ID, PAGES_CLIENT_ID

PAGE = 500
OWN_CLIENTS = frozenset({PAGES_CLIENT_ID, GATEWAY_CLIENT_ID})
"""Made by every start from the settings."""
T = TypeVar("T")


@dataclass
class State:
    """The entries of a house, and by which number the house knows a unit's path or a group's name."""

    entries: list[Entry] = field(default_factory=list)
    units: dict[tuple[str, ...], str] = field(default_factory=dict)
    groups: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    """User names by person."""

    def take(self, kind: Kind, values: dict[str, Any]) -> None:
        """Note an entry; what is None is left out."""
        self.entries.append(Entry(kind, {name: value for name, value in values.items() if value is not None}))


def exported(entries: Sequence[Entry], *, with_people: bool) -> list[Entry]:
    """What a file shows: no secret, and roles of single people only where they are asked for."""
    shown = []
    for each in entries:
        if each.kind is ASSIGNMENTS and "person" in each.values and not with_people:
            continue
        shown.append(Entry(each.kind, {name: value for name, value in each.values.items() if name != "secret"}))
    return shown


async def read_state(house: House) -> State:
    """Everything that a file may hold. Raises `Conflict` for units that no file can tell apart."""
    state = State()
    async for organisation in _pages(_organisations(house), lambda each: each.uscc):
        values = {"uscc": organisation.uscc, "name": organisation.name, "kind": organisation.kind}
        state.take(ORGANISATIONS, values)
    paths = await _read_units(house, state)
    await _read_groups(house, state, paths)
    await _read_clients(house, state)
    await _read_assignments(house, state, paths)
    usual = {each.name: each.default for each in fields(Site)}
    for site in await house.sso_proxy.sites.list():
        state.take(SITES, {name: getattr(site, name) for name in usual})
    shipped = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(SHIPPED.glob("*.json"))]
    for each in await house.licence_vault.catalogue.versions():
        if each.document not in shipped:
            values = {"code": each.code, "version": each.version, "document": dict(each.document)}
            state.take(LICENCE_TYPES, values)
    return state


async def _read_units(house: House, state: State) -> dict[str, list[str]]:
    paths: dict[str, list[str]] = {}

    async def read(after: str) -> Sequence[Unit]:
        return await house.idp.units.list(after=after, limit=PAGE)

    async for unit in _pages(read, lambda each: each.path):
        path = [*paths.get(unit.parent_id or "", []), unit.name]
        if tuple(path) in state.units:
            raise Conflict("Two units have the same place and name: {path}. Rename one.", path=" / ".join(path))
        paths[unit.id] = path
        state.units[tuple(path)] = unit.id
        state.take(UNITS, {"path": path, "kind": unit.kind, "uscc": unit.uscc})
    return paths


async def _read_groups(house: House, state: State, paths: dict[str, list[str]]) -> None:
    async def read(after: str) -> Sequence[Any]:
        return await house.idp.assignments.list_groups(after=after, limit=PAGE)

    async for group in _pages(read, lambda each: each.id):
        unit = paths.get(group.unit_id or "")
        state.groups[group.name, tuple(unit or ())] = group.id
        state.take(GROUPS, {"name": group.name, "unit": unit})


async def _read_clients(house: House, state: State) -> None:
    async for client in _pages(house.idp.declared_clients.list, lambda each: each.registration.client_id or ""):
        registration = client.registration
        if client.is_self_registered or registration.client_id in OWN_CLIENTS:
            continue
        values = {
            "client_id": registration.client_id,
            "name": registration.name,
            "role": registration.role,
            "organisation": registration.organisation_uscc,
            "redirect_uris": list(registration.redirect_uris),
            "post_logout_redirect_uris": list(registration.post_logout_redirect_uris),
            "scopes": sorted(registration.scopes),
            "grant_types": sorted(registration.grant_types),
            "public": registration.is_public,
            "requires_pkce": registration.requires_pkce,
            "first_party": registration.first_party,
            "may_realname": registration.may_realname,
            "disabled": client.is_disabled,
            "metadata": registration.metadata.to_json(),
            "secret": SecretValue(client.secret_hash) if client.secret_hash else None,
        }
        state.take(CLIENTS, values)


async def _read_assignments(house: House, state: State, paths: dict[str, list[str]]) -> None:
    groups = {group_id: (name, list(path)) for (name, path), group_id in state.groups.items()}
    now = house.foundation.clock()

    async def read(after: str) -> Sequence[Assignment]:
        return await house.idp.assignments.list(after=after, limit=PAGE)

    async for given in _pages(read, lambda each: each.id):
        if given.ended_at is not None or (given.until is not None and given.until <= now):
            continue
        values: dict[str, Any] = {"role": given.role.value, "unit": paths.get(given.unit_id or "")}
        if given.group_id is not None:
            name, unit = groups.get(given.group_id, ("", []))
            values["group"] = {"name": name, "unit": unit} if unit else {"name": name}
        elif given.person_id is not None:
            person = await house.idp.persons.load(given.person_id)
            values["person"] = person.username or person.id
        values["from"] = given.since.isoformat()
        values["until"] = given.until.isoformat() if given.until else None
        state.take(ASSIGNMENTS, values)


def _organisations(house: House) -> Callable[[str], Awaitable[Sequence[Any]]]:
    async def read(after: str) -> Sequence[Any]:
        return await house.idp.organisations.page(after=after, limit=PAGE)

    return read


async def _pages(read: Callable[[str], Awaitable[Sequence[T]]], key: Callable[[T], str]) -> AsyncIterator[T]:
    after = ""
    while page := await read(after):
        for each in page:
            yield each
        after = key(page[-1])
