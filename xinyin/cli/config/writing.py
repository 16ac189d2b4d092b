"""Bringing the house in line: one service call, so one transaction, an entry. What is done stays done if a later one
fails; applying again goes on from there."""

import os
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

from idp.assignments.service import NewAssignment
from idp.clients.client import ClientRegistration
from idp.clients.metadata import read_metadata
from idp.sessions.service import hash_token
from idp.units.service import NewUnit
from kernel.audit.chain import Actor
from kernel.errors import InvalidInput, NotFound, XinyinError
from sso_proxy.sites.site import Site
from xinyin.cli.config.document import wrong_at
from xinyin.cli.config.kinds import (
    ASSIGNMENTS,
    CLIENTS,
    GROUPS,
    LICENCE_TYPES,
    ORGANISATIONS,
    SITES,
    UNITS,
    Entry,
    SecretValue,
)
from xinyin.cli.config.plan import Change
from xinyin.cli.config.state import OWN_CLIENTS, State
from xinyin.house import House

OPERATOR = Actor("system", "command-line")
SHORTEST_SECRET = 32


def with_secrets(entries: Sequence[Entry]) -> list[Entry]:
    """The entries with what their references lead to. Raises `InvalidInput` that names the line, never the secret."""
    found = []
    for entry in entries:
        if entry.kind is CLIENTS and entry.values["client_id"] in OWN_CLIENTS:
            raise wrong_at(entry, "this application is set up by the settings")
        reference = entry.values.get("secret")
        values = dict(entry.values)
        if reference is not None:
            secret = _secret(entry, reference)
            values["secret"] = SecretValue(hash_token(secret), secret)
        found.append(Entry(entry.kind, values, entry.line))
    return found


def _secret(entry: Entry, reference: dict[str, str]) -> str:
    where, name = next(iter(reference.items()))
    try:
        secret = os.environ[name] if where == "env" else Path(name).read_text(encoding="utf-8")
    except (KeyError, OSError, UnicodeDecodeError) as missing:
        raise wrong_at(entry, f"there is no secret at {where} {name}") from missing
    secret = secret.strip()
    if len(secret) < SHORTEST_SECRET:
        raise wrong_at(entry, f"the secret at {where} {name} needs at least {SHORTEST_SECRET} characters")
    return secret


class Writer:
    """Makes changes, and learns the numbers of what it makes."""

    def __init__(self, house: House, state: State) -> None:
        self._house = house
        self._state = state
        self._write = {
            ORGANISATIONS.name: self._organisation,
            UNITS.name: self._unit,
            GROUPS.name: self._group,
            CLIENTS.name: self._client,
            ASSIGNMENTS.name: self._assignment,
            SITES.name: self._site,
            LICENCE_TYPES.name: self._licence_type,
        }

    async def make(self, change: Change) -> None:
        """Make one change. Raises `InvalidInput` with the line for whatever the service refuses."""
        try:
            await self._write[change.entry.kind.name](change.entry.kind.whole(change.entry.values), change)
        except InvalidInput as wrong:
            complaints = [f"{each.field}: {each.message.format(**each.params)}" for each in wrong.fields]
            raise wrong_at(change.entry, "; ".join([wrong.text, *complaints]).rstrip(".")) from wrong
        except XinyinError as wrong:
            raise wrong_at(change.entry, wrong.text.rstrip(".")) from wrong

    async def _organisation(self, values: dict[str, Any], change: Change) -> None:
        organisations = self._house.idp.organisations
        if change.is_new:
            await organisations.create(values["uscc"], values["name"], values["kind"], actor=OPERATOR)
        else:
            await organisations.rename(values["uscc"], values["name"], actor=OPERATOR)

    async def _unit(self, values: dict[str, Any], change: Change) -> None:
        path = tuple(values["path"])
        parent = self._unit_at(list(path[:-1])) if len(path) > 1 else None
        order = NewUnit(path[-1], values["kind"], parent, values["uscc"])
        self._state.units[path] = (await self._house.idp.units.create(order, actor=OPERATOR)).id

    async def _group(self, values: dict[str, Any], change: Change) -> None:
        unit = self._unit_at(values["unit"])
        group = await self._house.idp.assignments.create_group(values["name"], unit, actor=OPERATOR)
        self._state.groups[values["name"], tuple(values["unit"] or ())] = group

    async def _client(self, values: dict[str, Any], change: Change) -> None:
        metadata, errors = read_metadata(values["metadata"])
        unknown = sorted(set(values["metadata"]) - {each.name for each in fields(metadata)})
        if errors or unknown:
            raise InvalidInput(
                "There is no metadata {names}.", fields=errors, names=", ".join(unknown) or "of that kind"
            )
        owner = await self._house.idp.organisations.find(values["organisation"]) if values["organisation"] else None
        if values["organisation"] and owner is None:
            raise NotFound("There is no organisation with this unified social credit code.")
        registration = ClientRegistration(
            name=values["name"],
            role=values["role"],
            redirect_uris=tuple(values["redirect_uris"]),
            post_logout_redirect_uris=tuple(values["post_logout_redirect_uris"]),
            scopes=tuple(values["scopes"]),
            grant_types=tuple(values["grant_types"]),
            organisation_uscc=owner.uscc if owner else None,
            organisation_name=owner.name if owner else None,
            is_public=values["public"],
            requires_pkce=values["requires_pkce"],
            first_party=values["first_party"],
            may_realname=values["may_realname"],
            client_id=values["client_id"],
            metadata=metadata,
        )
        secret = values.get("secret")
        await self._house.idp.declared_clients.bring(
            registration, secret=secret.value if secret else None, disabled=values["disabled"], actor=OPERATOR
        )

    async def _assignment(self, values: dict[str, Any], change: Change) -> None:
        group_id = person_id = None
        if values["group"] is not None:
            key = (values["group"]["name"], tuple(values["group"].get("unit") or ()))
            group_id = self._state.groups.get(key)
            if group_id is None:
                raise NotFound("There is no such group.")
        if values["person"] is not None:
            person_id = (await self._house.idp.persons.load_by_username(values["person"])).id
        order = NewAssignment(
            values["role"],
            person_id=person_id,
            group_id=group_id,
            unit_id=self._unit_at(values["unit"]),
            since=datetime.fromisoformat(values["from"]) if values.get("from") else None,
            until=datetime.fromisoformat(values["until"]) if values["until"] else None,
        )
        await self._house.idp.assignments.give(order, actor=OPERATOR)

    async def _site(self, values: dict[str, Any], change: Change) -> None:
        sites = self._house.sso_proxy.sites
        await (sites.add if change.is_new else sites.change)(Site(**values), OPERATOR)

    async def _licence_type(self, values: dict[str, Any], change: Change) -> None:
        document = values["document"]
        if (document.get("code"), document.get("version")) != (values["code"], values["version"]):
            raise InvalidInput("The document is of another type or version.")
        await self._house.licence_vault.catalogue.publish(document, actor=OPERATOR)

    def _unit_at(self, path: list[str] | None) -> str | None:
        if not path:
            return None
        unit = self._state.units.get(tuple(path))
        if unit is None:
            raise NotFound("There is no unit {path}.", path=" / ".join(path))
        return unit
