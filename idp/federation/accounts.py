"""Which person an external account belongs to: recognise, enter, link, unlink.

Identifiers are compared by keyed hash and kept in envelopes. All that a sign-in brings are stored, so that a person
known by an openid is later found by the unionid that came with it. Two halves that belong to two persons are a conflict
for people to settle: nothing is ever joined silently.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from idp.federation.base import (
    AccountConflict,
    ExternalId,
    ExternalIdentity,
    PersonDirectory,
    provider_name,
)
from idp.federation.records import ExternalIdentityRow, delete_account, find_by_indexes, list_of_person
from kernel.audit.chain import SYSTEM, Actor, AuditEvent, AuditTrail, Outcome
from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.errors import Conflict, NotFound
from kernel.i18n import current_locale, gettext
from kernel.ids.time_ordered import new_id

INDEX_PURPOSE = "idp.external_identity"
NICKNAME_LIMIT = 64
TWO_PERSONS = (
    "This {provider} account is tied to two accounts here. Sign in another way, and ask the service desk to join them."
)
ANOTHER_PERSON = (
    "This {provider} account already belongs to another account here. Sign in to that one and unlink it there first."
)
LAST_WAY_IN = "This is the only way you can sign in. Set a password or link another account first."


@dataclass(frozen=True)
class Recognised:
    """Whom an identity belongs to, and whether they were entered just now."""

    person_id: str
    is_new: bool = False


@dataclass(frozen=True)
class LinkedAccount:
    """An external account as its owner sees it."""

    account_id: str
    family: str
    nickname: str = field(repr=False)
    linked_at: datetime
    used_at: datetime


class ExternalAccounts:
    """The external accounts of all persons; every change is in the audit trail."""

    def __init__(
        self, database: Database, audit: AuditTrail, clock: Clock, envelope: Envelope, persons: PersonDirectory
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._envelope = envelope
        self._persons = persons

    async def recognise(self, identity: ExternalIdentity) -> Recognised:
        """The person of this identity; somebody unknown is entered. Raises `AccountConflict`."""
        person_id = await self._find(identity)
        if person_id is not None:
            return Recognised(person_id)
        name = _displayable(identity.nickname) or gettext("{provider} user", provider=provider_name(identity.family))
        newcomer = await self._persons.create_person(name, current_locale())
        # Somebody may have entered the same identity meanwhile (two callbacks, two machines): theirs stands, and the
        # newcomer stays without a way in.
        owner = await self._attach(identity, newcomer, yield_to_owner=True)
        return Recognised(owner, is_new=owner == newcomer)

    async def link(self, identity: ExternalIdentity, person_id: str) -> None:
        """Tie an identity to a person who is signed in. Linking it again changes nothing. Raises `AccountConflict`."""
        await self._attach(identity, person_id, yield_to_owner=False)

    async def linked(self, person_id: str) -> list[LinkedAccount]:
        """A person's external accounts, the longest linked first."""
        async with self._database.reading() as session:
            rows = await list_of_person(session, person_id)
        accounts: dict[str, LinkedAccount] = {}
        for row in rows:
            accounts.setdefault(row.account_id, self._shown(row))
        return list(accounts.values())

    async def unlink(self, person_id: str, account_id: str) -> None:
        """Untie an external account; ask for a fresh sign-in before.

        Raises `NotFound`, and `Conflict` when this is the last way in.
        """
        has_password = await self._persons.has_password(person_id)
        async with self._database.transaction() as session:
            rows = await list_of_person(session, person_id)
            family = next((row.family for row in rows if row.account_id == account_id), None)
            if family is None:
                raise NotFound("This account is not linked.")
            if not has_password and all(row.account_id == account_id for row in rows):
                raise Conflict(LAST_WAY_IN)
            await delete_account(session, account_id)
            await self._record(session, "idp.federation.unlink", family, Actor("user", person_id))

    async def _find(self, identity: ExternalIdentity) -> str | None:
        """The person of a known identity, whose newly appeared identifiers are attached."""
        async with self._database.reading() as session:
            known = bool(await self._rows(session, identity))
        return await self._attach(identity, None, yield_to_owner=True) if known else None

    async def _attach(self, identity: ExternalIdentity, person_id: str | None, *, yield_to_owner: bool) -> str:
        """Tie every identifier to its owner, or to `person_id` where it has none; returns whose it is."""
        for attempt in (1, 2):
            try:
                async with self._database.transaction() as session:
                    return await self._attach_in(session, identity, person_id, yield_to_owner=yield_to_owner)
            except AccountConflict:
                await self._record_conflict(identity)
                raise
            except IntegrityError:
                # Another machine attached the same identifier between our look and our commit: look again.
                if attempt == 2:
                    raise
        raise AssertionError("the loop returns or raises")

    async def _attach_in(
        self, session: AsyncSession, identity: ExternalIdentity, person_id: str | None, *, yield_to_owner: bool
    ) -> str:
        rows = await self._rows(session, identity)
        owners = {row.person_id for row in rows}
        if len(owners) > 1:
            raise _conflict(TWO_PERSONS, identity)
        owner = owners.pop() if owners else person_id
        if owner is None:
            # Unlinked since we looked; the person may simply try again.
            raise NotFound("This account is not linked.")
        if person_id is not None and owner != person_id and not yield_to_owner:
            raise _conflict(ANOTHER_PERSON, identity)
        await self._store(session, identity, owner, rows)
        return owner

    async def _store(
        self, session: AsyncSession, identity: ExternalIdentity, owner: str, rows: Sequence[ExternalIdentityRow]
    ) -> None:
        """Add the identifiers that are new, and let all of them stand for one external account."""
        now = self._clock()
        account_id = rows[0].account_id if rows else new_id()
        nickname = _displayable(identity.nickname)
        present = {row.value_index for row in rows}
        added = [self._new_row(identity.family, each) for each in identity.identifiers]
        added = [row for row in added if row.value_index not in present]
        for row in added:
            row.person_id, row.linked_at = owner, now
            session.add(row)
        for row in (*rows, *added):
            row.account_id, row.used_at = account_id, now
            row.nickname_sealed = self._seal(row.id, "nickname", nickname) if nickname else row.nickname_sealed
        await session.flush()
        if added:
            kinds = ",".join(sorted(row.kind for row in added))
            action = "idp.federation.attach" if rows else "idp.federation.link"
            await self._record(session, action, identity.family, Actor("user", owner), kinds=kinds)

    async def _rows(self, session: AsyncSession, identity: ExternalIdentity) -> Sequence[ExternalIdentityRow]:
        indexes = [self._index(identity.family, each) for each in identity.identifiers]
        rows = await find_by_indexes(session, identity.family, indexes)
        order = {index: position for position, index in enumerate(indexes)}
        return sorted(rows, key=lambda row: order[row.value_index])

    def _index(self, family: str, external: ExternalId) -> str:
        text = "\x00".join((family, external.scope, external.kind, external.value))
        return self._envelope.blind_index(INDEX_PURPOSE, text)

    def _new_row(self, family: str, external: ExternalId) -> ExternalIdentityRow:
        row_id = new_id()
        return ExternalIdentityRow(
            id=row_id,
            family=family,
            scope=external.scope,
            kind=external.kind,
            value_index=self._index(family, external),
            value_sealed=self._seal(row_id, "value", external.value),
        )

    def _seal(self, row_id: str, column: str, value: str) -> bytes:
        return self._envelope.encrypt(value.encode(), context=f"idp.external_identity.{column}:{row_id}")

    def _shown(self, row: ExternalIdentityRow) -> LinkedAccount:
        nickname = ""
        if row.nickname_sealed is not None:
            context = f"idp.external_identity.nickname:{row.id}"
            nickname = self._envelope.decrypt(row.nickname_sealed, context=context).decode()
        return LinkedAccount(row.account_id, row.family, nickname, row.linked_at, row.used_at)

    async def _record_conflict(self, identity: ExternalIdentity) -> None:
        async with self._database.transaction() as session:
            await self._record(session, "idp.federation.conflict", identity.family, SYSTEM, outcome="refused")

    async def _record(
        self,
        session: AsyncSession,
        action: str,
        family: str,
        actor: Actor,
        *,
        outcome: Outcome = "success",
        **detail: str,
    ) -> None:
        subject = f"person:{actor.id}" if actor.kind == "user" else ""
        event = AuditEvent(action, actor, subject, outcome, {"family": family, **detail})
        await self._audit.record(session, event)


def _conflict(message: str, identity: ExternalIdentity) -> AccountConflict:
    return AccountConflict(message, provider=provider_name(identity.family))


def _displayable(nickname: str) -> str:
    """A nickname without control and bidirectional characters, short enough to show."""
    return "".join(character for character in nickname if character.isprintable()).strip()[:NICKNAME_LIMIT]
