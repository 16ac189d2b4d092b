"""People and groups as SCIM documents: what rows and envelopes hold, put together."""

import hashlib
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from idp.assignments.records import GroupMemberRow, GroupRow
from idp.persons.person import PersonState
from idp.persons.records import PersonRow
from idp.scim.records import ScimGroupRow, ScimUserRow, find_users_of
from idp.scim.resources.attributes import Document, ResourceType
from idp.scim.resources.definitions import ACCOUNT_URN, GROUP, USER
from idp.scim.tenancy import Tenant
from idp.units.records import UnitRow
from kernel.crypto.envelope import Envelope

USER_NAME_INDEX, EXTERNAL_ID_INDEX = "idp.scim.user_name", "idp.scim.external_id"
CHUNK = 500


def canonical(name: str) -> str:
    """The form in which user names are compared: no difference of width or case."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


@dataclass(frozen=True)
class Facts:
    """What the documents of some users need besides their rows."""

    persons: Mapping[str, PersonRow] = field(default_factory=dict)
    groups: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)


class Documents:
    """Opens and seals records, and writes documents. `base`: the address of the service."""

    def __init__(self, envelope: Envelope, base: str) -> None:
        self._envelope = envelope
        self.base = base

    def keep(self, row: ScimUserRow, document: Document) -> None:
        """Seal what a client said of somebody, and index what people are looked up by."""
        row.document_sealed = self._envelope.encrypt(orjson.dumps(document), context=f"idp.scim.user:{row.id}")
        row.user_name_index = self.user_name_index(document["userName"])
        external = document.get("externalId")
        row.external_id_index = self.external_id_index(external) if external else None

    def kept(self, row: ScimUserRow) -> Document:
        """What a client said of somebody."""
        opened: Document = orjson.loads(self._envelope.decrypt(row.document_sealed, context=f"idp.scim.user:{row.id}"))
        return opened

    def user_name_index(self, name: str) -> str:
        """The keyed hash by which a user name is found."""
        return self._envelope.blind_index(USER_NAME_INDEX, canonical(name))

    def external_id_index(self, external_id: str) -> str:
        """The keyed hash by which a client's number is found."""
        return self._envelope.blind_index(EXTERNAL_ID_INDEX, external_id)

    async def users(self, session: AsyncSession, tenant: Tenant, rows: Sequence[ScimUserRow]) -> list[Document]:
        """The documents of these records, in their order."""
        found: list[Document] = []
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            facts = await _facts(session, tenant, {row.person_id for row in chunk})
            found += [self._user(row, facts) for row in chunk]
        return found

    def _user(self, row: ScimUserRow, facts: Facts) -> Document:
        person = facts.persons.get(row.person_id)
        is_active = row.active and person is not None and person.state == PersonState.ACTIVE
        document: Document = {"id": row.id, **self.kept(row), "active": is_active}
        groups = facts.groups.get(row.person_id, ())
        if groups:
            document["groups"] = [
                {"value": group_id, "$ref": f"{self.base}/Groups/{group_id}", "display": name, "type": "direct"}
                for group_id, name in groups
            ]
        account: Document = {"agency": row.uscc, "managed": row.managed}
        if person is not None and person.username:
            account["signInName"] = person.username
        document[ACCOUNT_URN] = account
        return self._finished(USER, document, row.created_at, row.updated_at)

    async def groups(
        self, session: AsyncSession, tenant: Tenant, rows: Sequence[GroupRow], *, with_members: bool = True
    ) -> list[Document]:
        """The documents of these groups; members that are none of the caller's people are left out."""
        found: list[Document] = []
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            ids = [row.id for row in chunk]
            extra = {
                each.group_id: each
                for each in await session.scalars(select(ScimGroupRow).where(ScimGroupRow.group_id.in_(ids)))
            }
            members = await self._members(session, tenant, ids) if with_members else {}
            found += [self._group(row, extra.get(row.id), members.get(row.id, ())) for row in chunk]
        return found

    def _group(self, row: GroupRow, extra: ScimGroupRow | None, members: Sequence[Document]) -> Document:
        document: Document = {"id": row.id, "displayName": row.name}
        if extra is not None and extra.external_id:
            document["externalId"] = extra.external_id
        if members:
            document["members"] = list(members)
        return self._finished(GROUP, document, row.created_at, extra.updated_at if extra else row.created_at)

    async def _members(
        self, session: AsyncSession, tenant: Tenant, group_ids: Sequence[str]
    ) -> dict[str, list[Document]]:
        statement = select(GroupMemberRow.group_id, GroupMemberRow.person_id).where(
            GroupMemberRow.group_id.in_(group_ids)
        )
        pairs = [(group_id, person_id) for group_id, person_id in await session.execute(statement)]
        known = await find_users_of(session, tenant.usccs, {person_id for _, person_id in pairs})
        members: dict[str, list[Document]] = {}
        for group_id, person_id in pairs:
            row = known.get(person_id)
            if row is not None:
                members.setdefault(group_id, []).append(self._member(row))
        return {group_id: sorted(each, key=lambda one: one["value"]) for group_id, each in members.items()}

    def _member(self, row: ScimUserRow) -> Document:
        return {"value": row.id, "$ref": f"{self.base}/Users/{row.id}", "type": "User"}

    def _finished(self, kind: ResourceType, document: Document, created: datetime, updated: datetime) -> Document:
        extensions = [each.urn for each in kind.extensions if each.urn in document]
        body: Document = {"schemas": [kind.schema.urn, *extensions], **document}
        body["meta"] = {
            "resourceType": kind.name,
            "created": _moment(created),
            "lastModified": _moment(updated),
            "location": f"{self.base}{kind.endpoint}/{document['id']}",
            "version": version_of(body),
        }
        return body


def version_of(document: Mapping[str, Any]) -> str:
    """The entity tag of a document, by what it says (RFC 7644 §3.14). Weak: members may come in another order."""
    content = {key: value for key, value in document.items() if key != "meta"}
    return f'W/"{hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:24]}"'


async def _facts(session: AsyncSession, tenant: Tenant, person_ids: Collection[str]) -> Facts:
    ids = sorted(person_ids)
    persons = {each.id: each for each in await session.scalars(select(PersonRow).where(PersonRow.id.in_(ids)))}
    groups: dict[str, list[tuple[str, str]]] = {}
    if tenant.path is not None:
        statement = (
            select(GroupMemberRow.person_id, GroupRow.id, GroupRow.name)
            .join(GroupRow, GroupRow.id == GroupMemberRow.group_id)
            .join(UnitRow, UnitRow.id == GroupRow.unit_id)
            .where(
                GroupMemberRow.person_id.in_(ids),
                func.substr(UnitRow.path, 1, len(tenant.path)) == tenant.path,
            )
            .order_by(GroupRow.id)
        )
        for person_id, group_id, name in await session.execute(statement):
            groups.setdefault(person_id, []).append((group_id, name))
    return Facts(persons, groups)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
