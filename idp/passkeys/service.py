"""Registering, checking, naming and removing passkeys."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from idp.passkeys.ceremony import REFUSED, Account, Answer, Ceremony, KnownCredential, read_answer
from idp.passkeys.records import PasskeyRow, claim_count, count_passkeys, find_by_credential, list_passkeys
from idp.persons.person import Person
from kernel.audit.chain import Actor, AuditEvent, AuditTrail, Outcome
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import Conflict, FieldError, InvalidInput, NotFound
from kernel.ids.time_ordered import new_id

CHALLENGE_SECONDS = 1800
MOST_PASSKEYS = 20
NAME_LENGTH = 64
COPIED = (
    "This passkey was refused: it was used in a place that we did not see, so somebody may hold a copy. "
    "Sign in another way, then look at your passkeys in your account."
)


@dataclass(frozen=True)
class Passkey:
    """One of a person's passkeys, as they see it. `regressed_at`: when its counter went back."""

    id: str
    name: str
    is_synced: bool
    created_at: datetime
    used_at: datetime | None
    regressed_at: datetime | None


@dataclass(frozen=True)
class PasskeySignIn:
    """Who is there, by passkey, and what of RFC 8176 that proves."""

    person_id: str
    amr: tuple[str, ...]


class PasskeyService:
    """Passkeys. Challenges live in the ephemeral store, each bound to the one place it was given out for."""

    def __init__(
        self, database: Database, audit: AuditTrail, clock: Clock, ephemeral: EphemeralStore, ceremony: Ceremony
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._ephemeral = ephemeral
        self._ceremony = ceremony

    @property
    def is_possible(self) -> bool:
        """Whether browsers make passkeys for our public address at all."""
        return self._ceremony.is_possible

    async def list(self, person_id: str) -> Sequence[Passkey]:
        """A person's passkeys, the oldest first."""
        async with self._database.reading() as session:
            return [_public(row) for row in await list_passkeys(session, person_id)]

    async def count(self, person_id: str) -> int:
        """How many passkeys a person has."""
        async with self._database.reading() as session:
            return await count_passkeys(session, person_id)

    async def offer_creation(self, place: str, person: Person) -> str:
        """Options for a new passkey, made in `place` (a session, or a sign-in under way). JSON."""
        async with self._database.reading() as session:
            known = [_known(row) for row in await list_passkeys(session, person.id)]
        account = Account(person.id, person.username or person.display_name, person.display_name)
        challenge = await self._new_challenge(f"create:{place}:{person.id}")
        return self._ceremony.creation_options(challenge, account, known)

    async def create(self, place: str, person_id: str, answer_text: str, name: str) -> Passkey:
        """Keep the passkey that the browser made. Raises `InvalidInput`, `Conflict`."""
        name = " ".join(name.split())
        if not 1 <= len(name) <= NAME_LENGTH:
            raise _name_error()
        answer = read_answer(answer_text)
        await self._take_challenge(answer, f"create:{place}:{person_id}")
        made = self._ceremony.check_creation(answer, answer.challenge)
        row = PasskeyRow(
            id=new_id(),
            credential_id=made.known.credential_id,
            person_id=person_id,
            name=name,
            public_key=made.known.public_key,
            sign_count=made.sign_count,
            transports=list(made.known.transports),
            is_synced=made.is_synced,
            created_at=self._clock(),
        )
        try:
            async with self._database.transaction() as session:
                if await count_passkeys(session, person_id) >= MOST_PASSKEYS:
                    raise Conflict("You have as many passkeys as fit. Remove one that you no longer use.")
                session.add(row)
                await self._record(session, "idp.passkey.create", row)
        except IntegrityError as clash:
            raise Conflict("This passkey is known already.") from clash
        return _public(row)

    async def offer_sign_in(self, place: str, person_id: str | None = None) -> str:
        """Options for signing in: with any passkey, or with one of this person's. JSON."""
        known: list[KnownCredential] = []
        if person_id is not None:
            async with self._database.reading() as session:
                known = [_known(row) for row in await list_passkeys(session, person_id)]
        challenge = await self._new_challenge(f"sign-in:{place}:{person_id or ''}")
        return self._ceremony.request_options(challenge, known)

    async def check(self, place: str, answer_text: str, person_id: str | None = None) -> PasskeySignIn:
        """Whose passkey answered; only this person's when one is named. Raises `InvalidInput`."""
        answer = read_answer(answer_text)
        await self._take_challenge(answer, f"sign-in:{place}:{person_id or ''}")
        async with self._database.reading() as session:
            row = await find_by_credential(session, answer.credential_id)
        if row is None or (person_id is not None and row.person_id != person_id):
            raise InvalidInput(REFUSED, reason="no such passkey")
        # §7.2 step 6: whoever was not named beforehand must be named by the key itself.
        if (answer.user_handle or person_id or "") != row.person_id:
            raise InvalidInput(REFUSED, reason="the passkey names another person")
        assertion = self._ceremony.check_assertion(answer, answer.challenge, _known(row))
        await self._note_use(row.id, assertion.sign_count)
        return PasskeySignIn(row.person_id, ("swk" if row.is_synced else "hwk", "user"))

    async def rename(self, person_id: str, passkey_id: str, name: str) -> None:
        """Call a passkey something else. Raises `InvalidInput`, `NotFound`."""
        name = " ".join(name.split())
        if not 1 <= len(name) <= NAME_LENGTH:
            raise _name_error()
        async with self._database.transaction() as session:
            row = await _load(session, person_id, passkey_id)
            row.name = name
            await self._record(session, "idp.passkey.rename", row)

    async def remove(self, person_id: str, passkey_id: str) -> None:
        """Let a passkey open nothing any more. Raises `NotFound`."""
        async with self._database.transaction() as session:
            row = await _load(session, person_id, passkey_id)
            await session.delete(row)
            await self._record(session, "idp.passkey.remove", row)

    async def forget_all(self, person_id: str, actor: Actor) -> int:
        """Take every passkey of a person away, as for a lost device; says how many there were."""
        async with self._database.transaction() as session:
            rows = await list_passkeys(session, person_id)
            for row in rows:
                await session.delete(row)
                await self._record(session, "idp.passkey.remove", row, actor=actor)
        return len(rows)

    async def _note_use(self, passkey_id: str, count: int) -> None:
        async with self._database.transaction() as session:
            is_risen = await claim_count(session, passkey_id, count, self._clock())
            row = await session.get(PasskeyRow, passkey_id)
            if row is None:
                raise InvalidInput(REFUSED, reason="the passkey was removed")
            if not is_risen:
                row.regressed_at = self._clock()
                await self._record(session, "idp.passkey.regress", row, outcome="refused")
        if not is_risen:
            raise InvalidInput(COPIED, reason="the passkey's counter went back")

    async def _new_challenge(self, purpose: str) -> bytes:
        challenge = secrets.token_bytes(32)
        await self._ephemeral.put(f"passkey:{challenge.hex()}", purpose.encode(), CHALLENGE_SECONDS)
        return challenge

    async def _take_challenge(self, answer: Answer, purpose: str) -> None:
        if len(answer.challenge) != 32:
            raise InvalidInput(REFUSED, reason="no challenge of ours")
        stored = await self._ephemeral.take(f"passkey:{answer.challenge.hex()}")
        if stored is None or not secrets.compare_digest(stored, purpose.encode()):
            raise InvalidInput(REFUSED, reason="the challenge is over, or was given out for something else")

    async def _record(
        self,
        session: AsyncSession,
        action: str,
        row: PasskeyRow,
        *,
        outcome: Outcome = "success",
        actor: Actor | None = None,
    ) -> None:
        event = AuditEvent(
            action,
            actor or Actor("user", row.person_id),
            f"person:{row.person_id}",
            outcome=outcome,
            detail={"passkey": row.id},
        )
        await self._audit.record(session, event)


async def _load(session: AsyncSession, person_id: str, passkey_id: str) -> PasskeyRow:
    row = await session.get(PasskeyRow, passkey_id)
    if row is None or row.person_id != person_id:
        raise NotFound("There is no such passkey.")
    return row


def _known(row: PasskeyRow) -> KnownCredential:
    return KnownCredential(row.credential_id, row.public_key, tuple(row.transports))


def _public(row: PasskeyRow) -> Passkey:
    return Passkey(row.id, row.name, row.is_synced, row.created_at, row.used_at, row.regressed_at)


def _name_error() -> InvalidInput:
    message = "Give the passkey a name of at most 64 characters."
    return InvalidInput(message, fields=[FieldError("name", message)])
