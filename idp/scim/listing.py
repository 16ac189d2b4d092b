"""Finding resources: filter, sort, pages by index or by cursor (RFC 7644 §3.4.2, RFC 9865)."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from idp.assignments.records import GroupRow
from idp.scim.documents import Documents
from idp.scim.errors import ScimError, invalid_value
from idp.scim.filters.expressions import Both, Comparison, Filter
from idp.scim.filters.grammar import parse_attribute, parse_filter
from idp.scim.groups import find_groups, groups_of
from idp.scim.records import count_users, find_users_by, is_number, list_users
from idp.scim.resources.attributes import Document, ResourceType
from idp.scim.resources.definitions import GROUP, USER
from idp.scim.resources.matching import look_up, matches
from idp.scim.resources.showing import Wanted, read_wanted, shown
from idp.scim.tenancy import Tenant

LIST_URN = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
DEFAULT_PAGE, LARGEST_PAGE = 100, 500
MOST_JUDGED = 20_000
"""How many resources one filter or order may have to look at: what is sealed is judged in memory."""


@dataclass(frozen=True)
class Question:
    """What a caller asks for. `cursor`: None for pages by index, empty for the first page by cursor."""

    tree: Filter | None = None
    sort_by: str = ""
    descending: bool = False
    start_index: int = 1
    count: int = DEFAULT_PAGE
    cursor: str | None = None
    wanted: Wanted = field(default_factory=Wanted)

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "Question":
        """From a query or a search request. Raises `ScimError`."""
        cursor = given.get("cursor")
        count = _number(given.get("count"), "count", DEFAULT_PAGE, "invalidCount" if cursor is not None else "")
        text, sort_by = given.get("filter"), given.get("sortBy")
        order = str(given.get("sortOrder") or "ascending").lower()
        if order not in {"ascending", "descending"}:
            raise invalid_value("sortOrder is ascending or descending.")
        return cls(
            parse_filter(str(text)) if text not in (None, "") else None,
            str(sort_by or ""),
            order == "descending",
            max(1, _number(given.get("startIndex"), "startIndex", 1)),
            min(max(0, count), LARGEST_PAGE),
            str(cursor) if cursor is not None else None,
            read_wanted(given.get("attributes"), given.get("excludedAttributes")),
        )


class Pool(Protocol):
    """The resources of one kind that a caller may see, in the order they came."""

    kind: ResourceType

    async def count(self) -> int:
        """How many there are."""

    async def page(self, *, after: str, offset: int, limit: int) -> list[Document]:
        """`limit` of them after an id, or from an offset on."""

    async def candidates(self, tree: Filter | None) -> list[Document]:
        """Those that may fit a filter. Raises `ScimError` (tooMany)."""


class UserPool:
    """An agency's people."""

    kind = USER

    def __init__(self, session: AsyncSession, tenant: Tenant, documents: Documents) -> None:
        self._session = session
        self._tenant = tenant
        self._documents = documents

    async def count(self) -> int:
        """See `Pool`."""
        return await count_users(self._session, self._tenant.usccs)

    async def page(self, *, after: str, offset: int, limit: int) -> list[Document]:
        """See `Pool`."""
        rows = await list_users(self._session, self._tenant.usccs, after=after, offset=offset, limit=limit)
        return await self._documents.users(self._session, self._tenant, rows)

    async def candidates(self, tree: Filter | None) -> list[Document]:
        """See `Pool`. Equality with a name or number is looked up by its index."""
        for name, value in _equalities(tree):
            column, wanted = {
                "id": ("id", value),
                "username": ("user_name_index", self._documents.user_name_index(value)),
                "externalid": ("external_id_index", self._documents.external_id_index(value)),
            }.get(name, ("", ""))
            if column:
                rows = await find_users_by(self._session, self._tenant.usccs, column, wanted)
                return await self._documents.users(self._session, self._tenant, rows)
        _check_size(await self.count())
        return await self.page(after="", offset=0, limit=MOST_JUDGED)


class GroupPool:
    """An agency's groups."""

    kind = GROUP

    def __init__(
        self, session: AsyncSession, tenant: Tenant, documents: Documents, *, with_members: bool = True
    ) -> None:
        self._session = session
        self._tenant = tenant
        self._documents = documents
        self._with_members = with_members

    async def count(self) -> int:
        """See `Pool`."""
        inner = groups_of(self._tenant).with_only_columns(GroupRow.id).subquery()
        return int(await self._session.scalar(select(func.count()).select_from(inner)) or 0)

    async def page(self, *, after: str, offset: int, limit: int) -> list[Document]:
        """See `Pool`."""
        statement = groups_of(self._tenant).where(GroupRow.id > after).order_by(GroupRow.id)
        rows = list(await self._session.scalars(statement.offset(offset).limit(limit)))
        return await self._shown(rows)

    async def candidates(self, tree: Filter | None) -> list[Document]:
        """See `Pool`."""
        for name, value in _equalities(tree):
            if name == "id" and is_number(value):
                return await self._shown(await find_groups(self._session, self._tenant, [value]))
        _check_size(await self.count())
        return await self.page(after="", offset=0, limit=MOST_JUDGED)

    async def _shown(self, rows: list[GroupRow]) -> list[Document]:
        return await self._documents.groups(self._session, self._tenant, rows, with_members=self._with_members)


async def answer(pools: list[Pool], question: Question) -> Document:
    """The list response (RFC 7644 §3.4.2). Raises `ScimError`."""
    if len(pools) == 1 and question.tree is None and not question.sort_by:
        total, found = await _straight(pools[0], question)
        found_kinds = [(pools[0].kind, each) for each in found]
    else:
        judged = [
            (pool.kind, each)
            for pool in pools
            for each in await pool.candidates(question.tree)
            if question.tree is None or matches(question.tree, each, pool.kind)
        ]
        if question.sort_by:
            judged = _sorted(judged, question)
        total, found_kinds = len(judged), _cut(judged, question)
    response: Document = {"schemas": [LIST_URN], "totalResults": total, "itemsPerPage": len(found_kinds)}
    if question.cursor is None:
        response["startIndex"] = question.start_index
    elif found_kinds and len(found_kinds) == question.count:
        response["nextCursor"] = _cursor_after(str(found_kinds[-1][1]["id"]))
    response["Resources"] = [shown(kind, each, question.wanted) for kind, each in found_kinds]
    return response


async def _straight(pool: Pool, question: Question) -> tuple[int, list[Document]]:
    """Without filter and order the database cuts the page."""
    if question.count == 0:
        return await pool.count(), []
    if question.cursor is not None:
        after = _read_cursor(question.cursor)
        return await pool.count(), await pool.page(after=after, offset=0, limit=question.count)
    offset = question.start_index - 1
    return await pool.count(), await pool.page(after="", offset=min(offset, 2**31), limit=question.count)


Judged = list[tuple[ResourceType, Document]]


def _cut(judged: Judged, question: Question) -> Judged:
    start = question.start_index - 1
    if question.cursor is not None:
        after = _read_cursor(question.cursor)
        start = 0
        if after:
            place = [number for number, (_, each) in enumerate(judged) if each["id"] == after]
            if not place:
                raise ScimError(400, "The page that the cursor names is gone. Begin again.", "expiredCursor")
            start = place[0] + 1
    return judged[start : start + question.count]


def _sorted(judged: Judged, question: Question) -> Judged:
    """By an attribute; those without it come last when ascending (RFC 7644 §3.4.2.3)."""
    path = parse_attribute(question.sort_by)

    def key(one: tuple[ResourceType, Document]) -> tuple[bool, str]:
        kind, document = one
        attribute, values = look_up(path, document, kind)
        first = next((each for each in values if isinstance(each, dict) and each.get("primary")), None)
        value = first if first is not None else next(iter(values), None)
        if isinstance(value, dict):
            value = value.get("value")
        text = "" if value is None else str(value)
        return value is None, text if attribute is not None and attribute.case_exact else text.casefold()

    return sorted(judged, key=key, reverse=question.descending)


def _equalities(tree: Filter | None) -> list[tuple[str, str]]:
    """Attributes of the resource itself that must equal a text for the filter to fit."""
    if isinstance(tree, Both):
        return _equalities(tree.left) + _equalities(tree.right)
    is_equal = isinstance(tree, Comparison) and tree.operator == "eq" and not tree.path.part
    if not is_equal or not isinstance(tree, Comparison) or not isinstance(tree.value, str):
        return []
    is_own = not tree.path.schema or tree.path.schema.lower() == USER.schema.urn.lower()
    return [(tree.path.name.lower(), tree.value)] if is_own else []


def _check_size(count: int) -> None:
    if count > MOST_JUDGED:
        raise ScimError(400, "There are too many resources for this filter or order.", "tooMany")


def _number(given: Any, name: str, default: int, scim_type: str = "") -> int:
    if given is None or given == "":
        return default
    try:
        if isinstance(given, bool):
            raise ValueError
        return int(str(given)[:20])
    except ValueError as wrong:
        raise ScimError(400, f"{name} must be a whole number.", scim_type or "invalidValue") from wrong


def _cursor_after(resource_id: str) -> str:
    return base64.urlsafe_b64encode(b"1:" + resource_id.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> str:
    """The id that the page comes after; empty for the first page. Raises `ScimError` (invalidCursor)."""
    if not cursor:
        return ""
    try:
        version, _, resource_id = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(":")
    except (ValueError, binascii.Error) as wrong:
        raise ScimError(400, "This is no cursor of ours.", "invalidCursor") from wrong
    if version != "1" or not is_number(resource_id):
        raise ScimError(400, "This is no cursor of ours.", "invalidCursor")
    return resource_id
