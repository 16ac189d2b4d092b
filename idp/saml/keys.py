"""The keys that sign SAML messages, each in a certificate of its own.

Applications learn keys from our metadata, which they read seldom: a new key is published at once and signs only later,
and the one before stays published while messages it signed are about. Kept in the database, so that every process
switches at the same moment.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from urllib.parse import urlsplit

from sqlalchemy.exc import IntegrityError as UniqueViolation

from idp.keys import NamedKeys
from idp.saml.records import SamlKeyRow, list_keys
from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.crypto.certificates import Certificate
from kernel.crypto.issuance import CertificateRequestProfile, issue_certificate
from kernel.crypto.signatures import SigningKey
from kernel.database.engine import Database
from kernel.errors import ConfigurationError, Conflict, InvalidInput

PREFIX = "idp-saml-"
CERTIFICATE_LIFE = timedelta(days=3650)
PUBLISHED_AFTER = timedelta(days=7)
"""How long a key stays in the metadata after it signed last."""


@dataclass(frozen=True)
class PublishedKey:
    """A key of ours. It signs from `signs_from` on."""

    name: str
    certificate: Certificate
    signing_key: SigningKey
    signs_from: datetime


class SamlKeys:
    """Which keys there are, and which one signs."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock, named: NamedKeys, issuer: str) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._named = named
        self._host = urlsplit(issuer).hostname or issuer
        self._opened: dict[str, PublishedKey] = {}

    async def published(self) -> Sequence[PublishedKey]:
        """Every key that applications are to know, the one that signs first; makes the first one ever."""
        rows = await self._rows()
        if not rows:
            await self._add(1, self._clock())
            rows = await self._rows()
        now = self._clock()
        started = [position for position, row in enumerate(rows) if row.signs_from <= now]
        current = started[-1] if started else 0
        over = [row for row, after in pairwise(rows) if after.signs_from + PUBLISHED_AFTER <= now]
        kept = [rows[current], *(row for row in rows if row is not rows[current] and row not in over)]
        return [await self._open(row) for row in kept]

    async def current(self) -> PublishedKey:
        """The key that signs now."""
        return (await self.published())[0]

    async def rotate(self, after: timedelta, actor: Actor) -> PublishedKey:
        """Publish a new key now, to sign when `after` has passed; destroys those that are published no more.

        Raises `Conflict` while another one waits for its turn.
        """
        if not timedelta() <= after <= timedelta(days=365):
            raise InvalidInput("A new key begins to sign within a year.")
        await self.published()
        rows, now = await self._rows(), self._clock()
        if rows[-1].signs_from > now:
            raise Conflict("A new key is already waiting for its turn.")
        name = await self._add(max(_number(row) for row in rows) + 1, now + after)
        async with self._database.transaction() as session:
            event = AuditEvent("idp.saml.rotate-key", actor, f"key:{name}", detail={"days": after.days})
            await self._audit.record(session, event)
        await self._sweep()
        row = next(each for each in await self._rows() if each.name == name)
        return await self._open(row)

    async def _sweep(self) -> None:
        kept = {each.name for each in await self.published()}
        for row in [each for each in await self._rows() if each.name not in kept]:
            async with self._database.transaction() as session:
                stored = await session.get(SamlKeyRow, row.name)
                if stored is not None:
                    await session.delete(stored)
            await asyncio.to_thread(self._named.destroy, row.name)
            self._opened.pop(row.name, None)

    async def _rows(self) -> Sequence[SamlKeyRow]:
        async with self._database.reading() as session:
            return await list_keys(session)

    async def _add(self, number: int, signs_from: datetime) -> str:
        """A new key with its certificate; another process that was faster is as good."""
        name = f"{PREFIX}{number:04d}"
        try:
            key = await asyncio.to_thread(self._named.make, name)
        except Conflict:
            key = await asyncio.to_thread(self._named.open, name)
        certificate = await asyncio.to_thread(self._certify, key)
        try:
            async with self._database.transaction() as session:
                session.add(SamlKeyRow(name=name, certificate=certificate.der, signs_from=signs_from))
        except UniqueViolation:
            return name
        return name

    def _certify(self, key: SigningKey) -> Certificate:
        """Self-signed: applications trust it because our metadata names it."""
        now = self._clock().astimezone(UTC).replace(microsecond=0)
        profile = CertificateRequestProfile(
            subject={"CN": self._host[:64]},
            public_spki=key.public_spki,
            not_before=now - timedelta(days=1),
            not_after=now + CERTIFICATE_LIFE,
            key_usage=frozenset({"digital_signature"}),
        )
        return issue_certificate(profile, None, key)

    async def _open(self, row: SamlKeyRow) -> PublishedKey:
        known = self._opened.get(row.name)
        if known is not None and known.certificate.der == row.certificate:
            return known
        key = await asyncio.to_thread(self._named.open, row.name)
        certificate = Certificate.load(row.certificate)
        if certificate.spki != key.public_spki:
            raise ConfigurationError("The SAML key {name} and its certificate do not belong together.", name=row.name)
        opened = PublishedKey(row.name, certificate, key, row.signs_from)
        self._opened[row.name] = opened
        return opened


def _number(row: SamlKeyRow) -> int:
    return int(row.name.removeprefix(PREFIX))
