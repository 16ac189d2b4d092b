"""Publishing and loading licence types. Published versions are kept in memory: they never change."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.audit.chain import SYSTEM, Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict, Forbidden, NotFound
from licence_vault.catalogue.licence_type import LicenceType, read_licence_type
from licence_vault.catalogue.records import LicenceTypeRow, all_types, newest_types, newest_version

SHIPPED = Path(__file__).parent / "types"
USCC_LENGTH = 18


class Catalogue:
    """The licence types that this vault knows."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._known: dict[tuple[str, int], LicenceType] = {}

    async def ensure_shipped(self) -> None:
        """Publish the types that come with the product, unless they are there."""
        for path in sorted(SHIPPED.glob("*.json")):
            document = json.loads(path.read_text(encoding="utf-8"))
            async with self._database.reading() as session:
                known = await session.get(LicenceTypeRow, (document["code"], document["version"]))
            if known is None:
                await self.publish(document)

    async def publish(self, document: Any, *, actor: Actor = SYSTEM, publisher: str | None = None) -> LicenceType:
        """Publish a version of a type. `publisher`: the authority (USCC) that asks; None: the operator.

        Raises `InvalidInput`, `Conflict` when that version is out already, `Forbidden` when the type is others'.
        """
        licence_type = read_licence_type(document)
        key = (licence_type.code, licence_type.version)
        async with self._database.transaction() as session:
            known = await session.get(LicenceTypeRow, key)
            if known is not None and known.document == document:
                return licence_type
            if known is not None:
                raise Conflict("Version {version} of this type is published and cannot change.", version=key[1])
            _check_publisher(publisher, await _newest(session, licence_type.code))
            row = LicenceTypeRow(code=key[0], version=key[1], document=document, published_at=self._clock())
            session.add(row)
            subject = f"licence_type:{key[0]}:{key[1]}"
            await self._audit.record(session, AuditEvent("licence_type.publish", actor, subject))
        return licence_type

    async def list(self) -> Sequence[LicenceType]:
        """The newest version of each type."""
        async with self._database.reading() as session:
            rows = await newest_types(session)
        return [self._remember(row) for row in rows]

    async def versions(self) -> Sequence[LicenceType]:
        """Every version of every type: licences of old ones live on."""
        async with self._database.reading() as session:
            rows = await all_types(session)
        return [self._remember(row) for row in rows]

    async def load(self, code: str, version: int | None = None) -> LicenceType:
        """A type in this version, the newest by default. Raises `NotFound`."""
        if version is not None and (code, version) in self._known:
            return self._known[code, version]
        async with self._database.reading() as session:
            wanted = version if version is not None else await newest_version(session, code)
            if (code, wanted) in self._known:
                return self._known[code, wanted]
            row = await session.get(LicenceTypeRow, (code, wanted))
        if row is None:
            raise NotFound("There is no licence type {code}.", code=code[:32])
        return self._remember(row)

    def _remember(self, row: LicenceTypeRow) -> LicenceType:
        return self._known.setdefault((row.code, row.version), LicenceType(row.document))


async def _newest(session: AsyncSession, code: str) -> LicenceTypeRow | None:
    return next((each for each in await newest_types(session) if each.code == code), None)


def _check_publisher(publisher: str | None, newest: LicenceTypeRow | None) -> None:
    """The next version of a type is for the authority in its code, and for those that the type names, to publish."""
    if publisher is None or newest is None:
        return
    if publisher not in (newest.code[:USCC_LENGTH], *LicenceType(newest.document).issuing_authorities):
        raise Forbidden("Only the authority that defined this type, or one that it names, may publish a new version.")
