"""The life of seals. Whoever applies for a seal cannot approve it (four eyes)."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import IntegrityError as UniqueViolation
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound
from kernel.ids.time_ordered import new_id
from seal.authority.making import MadeSeal, SealMaker, SealOrder
from seal.authority.service import Authority
from seal.seals.application import (
    LONGEST_NOTE,
    PreparedPicture,
    SealApplication,
    check_application,
    period_of,
    prepare_picture,
    preview,
)
from seal.seals.bindings import Bindings
from seal.seals.pins import SealPins
from seal.seals.publication import SealPublication
from seal.seals.records import (
    SealEventRow,
    SealPinRow,
    SealRow,
    find_seal,
    highest_code,
    list_events,
    list_seals,
)
from seal.seals.seal import (
    REASON_CODES,
    STATE_SENTENCES,
    TRANSITIONS,
    Action,
    RevocationReason,
    Seal,
    SealEvent,
    SealSearch,
    SuspensionCause,
)
from seal.seals.use_policy import UsePolicy

PAGE = 200
OWNER_DIFFERS = "The seal says that it is somebody else's. Confirm that it belongs to its owner here."
_ATTEMPTS = 3


@dataclass(frozen=True)
class RegisterParts:
    """What the register works with; `font` draws the pictures of seals."""

    database: Database
    audit: AuditTrail
    clock: Clock
    authority: Authority
    maker: SealMaker
    publication: SealPublication
    font: Path


@dataclass(frozen=True)
class Officer:
    """Who acts, and for which organisation if for one: its unified social credit code, and its name where known."""

    actor: Actor
    uscc: str | None = None
    organisation: str | None = None

    def may_reach(self, owner_uscc: str) -> bool:
        """Whether a seal of this owner is theirs to see and decide about.

        A person who acts for no organisation serves all of them (a seal office); a program always acts for one.
        """
        return self.uscc == owner_uscc if self.uscc is not None else self.actor.kind != "client"


@dataclass(frozen=True)
class Change:
    """A step in a seal's life and why: a cause's code, and of a rejection a sentence."""

    action: Action
    cause: str | None = None
    note: str | None = None


class SealRegister:
    """Every change is one transaction with its audit event and its entry in the seal's timeline."""

    def __init__(self, parts: RegisterParts) -> None:
        self._database = parts.database
        self._audit = parts.audit
        self._clock = parts.clock
        self._authority = parts.authority
        self._maker = parts.maker
        self._publication = parts.publication
        self._font = parts.font
        self._pins = SealPins(parts.database, parts.audit, parts.clock)

    async def apply(self, officer: Officer, application: SealApplication) -> Seal:
        """Enter a draft. Raises InvalidInput naming fields, Forbidden (another organisation), Conflict (code taken)."""
        now = self._clock().replace(microsecond=0)
        owner = check_application(application, now)
        if not officer.may_reach(owner.value):
            raise Forbidden("You may apply for seals of your own organisation only.")
        replaced = await self._to_be_replaced(application, owner.value)
        for attempt in range(_ATTEMPTS):
            async with self._database.reading() as session:
                wished = replaced.code if replaced else application.code
                code = wished or await _next_code(session, owner.area_code)
            picture = await asyncio.to_thread(prepare_picture, application, code, self._font)
            row = self._draft(code, officer, application, picture)
            row.replaces, row.holds_code = (replaced.id, False) if replaced else (None, True)
            row.owner_uscc = owner.value
            try:
                async with self._database.transaction() as session:
                    session.add(row)
                    await self._note(session, "seal.apply", officer, row)
                return Seal.of(row, now)
            except UniqueViolation:
                # Somebody else took the next free code meanwhile; a code that was asked for stays taken.
                if wished or attempt == _ATTEMPTS - 1:
                    break
        raise Conflict("There is already a seal with the code {code}.", code=code)

    async def approve(self, officer: Officer, seal_id: str, *, owner_confirmed: bool = False) -> Seal:
        """Make the seal and put it to use; it takes the code on from the one it replaces.

        `owner_confirmed`: that an imported seal is its owner's although it says otherwise. Raises NotFound, Conflict
        (not a draft; the other seal has ended meanwhile; the owner not confirmed), Forbidden (the applicant's own).
        """
        draft = await self._reachable(officer, seal_id, "approve")
        _check_transition(draft, "approve")
        if officer.actor.id == draft.applied_by:
            await self._refuse(officer, draft, "approve")
            raise Forbidden("You applied for this seal. Somebody else must approve it.")
        if draft.stated_owner is not None and not owner_confirmed:
            await self._refuse(officer, draft, "approve")
            raise Conflict(OWNER_DIFFERS)
        # A seal made elsewhere is made already.
        made = await self._maker.make(making_order(draft)) if draft.origin == "made" else None
        async with self._database.transaction() as session:
            row = await _load(session, draft.id, lock=True)
            _check_transition(row, "approve")
            if row.replaces:
                await self._take_over(session, officer, row)
            self._put_to_use(row, made, officer)
            differs = Change("approve", "owner-differs") if row.stated_owner is not None else None
            await self._note(session, "seal.approve", officer, row, differs)
        self._publication.forget()
        return Seal.of(row, self._clock())

    async def take_in(self, officer: Officer, row: SealRow) -> Seal:
        """Enter a seal that was made elsewhere. Raises Conflict (code taken)."""
        try:
            async with self._database.transaction() as session:
                session.add(row)
                await self._note(session, "seal.import", officer, row)
        except UniqueViolation as failure:
            raise Conflict("There is already a seal with the code {code}.", code=row.code) from failure
        return Seal.of(row, self._clock())

    async def attach_key(self, officer: Officer, seal_id: str, key_name: str) -> Seal:
        """Note where the key of a seal made elsewhere lies; it then waits for approval. Raises NotFound, Conflict."""
        await self._reachable(officer, seal_id, "attach")
        async with self._database.transaction() as session:
            row = await _load(session, seal_id, lock=True)
            _check_transition(row, "attach")
            # Whoever brings the key counts as the applicant: somebody else must approve.
            row.key_name, row.applied_by = key_name, officer.actor.id
            await self._move(session, officer, row, Change("attach"))
        return Seal.of(row, self._clock())

    async def reject(self, officer: Officer, seal_id: str, reason: str) -> Seal:
        """Turn an application down, saying why. Raises NotFound, Conflict, InvalidInput (no reason)."""
        reason = " ".join(reason.split())
        if not reason or len(reason) > LONGEST_NOTE:
            fault = FieldError("reason", "Say why in at most {most} characters.", {"most": LONGEST_NOTE})
            raise InvalidInput("Some fields need your attention.", fields=[fault])
        return await self._change(officer, seal_id, Change("reject", "rejected", reason))

    async def withdraw(self, officer: Officer, seal_id: str) -> Seal:
        """Take back one's own application. Raises NotFound, Conflict, Forbidden (somebody else's)."""
        draft = await self._reachable(officer, seal_id, "withdraw")
        if officer.actor.id != draft.applied_by:
            await self._refuse(officer, draft, "withdraw")
            raise Forbidden("Only who applied for a seal can withdraw the application.")
        return await self._change(officer, seal_id, Change("withdraw", "withdrawn"))

    async def suspend(self, officer: Officer, seal_id: str, cause: SuspensionCause = "owner-request") -> Seal:
        """Stop its use for a time. Raises NotFound, Conflict."""
        return await self._change(officer, seal_id, Change("suspend", cause))

    async def resume(self, officer: Officer, seal_id: str) -> Seal:
        """Take it into use again. Raises NotFound, Conflict."""
        return await self._change(officer, seal_id, Change("resume"))

    async def revoke(self, officer: Officer, seal_id: str, reason: RevocationReason = "cessation") -> Seal:
        """End it for good and revoke its certificates. Raises NotFound, Conflict."""
        return await self._change(officer, seal_id, Change("revoke", reason))

    async def set_use_policy(self, officer: Officer, seal_id: str, policy: UsePolicy, pin: str | None = None) -> Seal:
        """Say who may use the seal; `pin` sets a new PIN, and a policy without one forgets it.

        Raises NotFound, Conflict (the seal has ended), InvalidInput (a PIN is asked for and there is none; a weak one).
        """
        await self._reachable(officer, seal_id, "policy")
        hashed = await self._pins.hash(pin) if pin and policy.pin else None
        async with self._database.transaction() as session:
            row = await _load(session, seal_id, lock=True)
            if row.state in ("rejected", "replaced", "revoked"):
                raise Conflict(STATE_SENTENCES[row.state])
            row.use_policy = policy.to_dict()
            kept = await session.get(SealPinRow, row.id, with_for_update=True)
            if policy.pin and not kept and not hashed:
                fault = FieldError("pin", "Enter the PIN of this seal.")
                raise InvalidInput("Some fields need your attention.", fields=[fault])
            if kept and (hashed or not policy.pin):
                await session.delete(kept)
                await session.flush()
            if hashed:
                session.add(SealPinRow(seal_id=row.id, hash=hashed, failures=0))
            await self._note(session, "seal.policy", officer, row)
        return Seal.of(row, self._clock())

    async def get(self, seal_id: str, *, officer: Officer | None = None) -> Seal:
        """One seal by id or code; raises NotFound, also when it is not one that `officer` may know of."""
        async with self._database.reading() as session:
            row = await _load(session, seal_id)
        if officer is not None and not officer.may_reach(row.owner_uscc):
            raise _no_such_seal()
        return Seal.of(row, self._clock())

    async def picture(self, seal_id: str) -> bytes:
        """What it looks like, in its `picture_format`; raises NotFound."""
        async with self._database.reading() as session:
            return (await _load(session, seal_id)).picture

    async def preview(self, application: SealApplication) -> bytes:
        """What the seal would look like, PNG. Raises InvalidInput."""
        return await asyncio.to_thread(preview, application, self._font)

    async def seals(self, search: SealSearch | None = None, *, owner_uscc: str | None = None) -> list[Seal]:
        """The newest seals first, at most `PAGE`; of one owner if given."""
        search = search or SealSearch(owner_uscc=owner_uscc)
        async with self._database.reading() as session:
            rows = await list_seals(session, search, limit=PAGE)
        return [Seal.of(row, self._clock()) for row in rows]

    async def events(self, seal_id: str) -> list[SealEvent]:
        """A seal's life, oldest first; raises NotFound."""
        async with self._database.reading() as session:
            seal = await _load(session, seal_id)
            return [SealEvent.of(row) for row in await list_events(session, seal.id)]

    async def _change(self, officer: Officer, seal_id: str, change: Change) -> Seal:
        await self._reachable(officer, seal_id, change.action)
        async with self._database.transaction() as session:
            row = await _load(session, seal_id, lock=True)
            _check_transition(row, change.action)
            await self._move(session, officer, row, change)
        self._publication.forget()
        return Seal.of(row, self._clock())

    async def _move(self, session: AsyncSession, officer: Officer, row: SealRow, change: Change) -> None:
        row.state, row.state_since, row.cause = TRANSITIONS[change.action][1], self._clock(), change.cause
        if row.state == "rejected":
            row.holds_code = False
        if change.action in ("revoke", "replace") and row.origin == "made":
            reason = REASON_CODES[change.cause]  # type: ignore[index]  # these two carry a reason
            await self._authority.revoke_for_seal(session, row.id, officer.actor, reason)
        await self._note(session, f"seal.{change.action}", officer, row, change)

    async def _take_over(self, session: AsyncSession, officer: Officer, row: SealRow) -> None:
        """The seal that is replaced ends, and gives its code away, in the same transaction."""
        before = await session.get(SealRow, row.replaces, with_for_update=True)
        if before is None or not before.holds_code:
            raise Conflict("The seal that this one was to replace has given its code away already.")
        _check_transition(before, "replace")
        before.holds_code, before.replaced_by = False, row.id
        await self._move(session, officer, before, Change("replace", "superseded"))
        await session.flush()
        row.holds_code = True

    def _put_to_use(self, row: SealRow, made: MadeSeal | None, officer: Officer) -> None:
        if made:
            row.esl, row.sm2_certificate, row.p256_certificate = made.esl, made.sm2_certificate, made.p256_certificate
            bindings = Bindings().with_seal(made.esl, made.sm2_certificate, made.p256_certificate)
            row.bindings = bindings.to_dict()
        row.approved_by, row.approved_at = officer.actor.id, self._clock()
        row.state, row.state_since, row.cause = "active", self._clock(), None

    async def _to_be_replaced(self, application: SealApplication, owner_uscc: str) -> SealRow | None:
        if application.replaces is None:
            return None
        async with self._database.reading() as session:
            row = await find_seal(session, application.replaces)
        if row is None or row.owner_uscc != owner_uscc:
            fault = FieldError("replaces", "There is no such seal of this owner.")
            raise InvalidInput("Some fields need your attention.", fields=[fault])
        _check_transition(row, "replace")
        return row

    async def _reachable(self, officer: Officer, seal_id: str, action: str) -> SealRow:
        """The seal, unless it is another organisation's; such an attempt is written down. Raises NotFound."""
        async with self._database.reading() as session:
            row = await _load(session, seal_id)
        if not officer.may_reach(row.owner_uscc):
            await self._refuse(officer, row, action)
            raise _no_such_seal()
        return row

    def _draft(self, code: str, officer: Officer, application: SealApplication, picture: PreparedPicture) -> SealRow:
        now = self._clock().replace(microsecond=0)
        start, end = period_of(application, now)
        return SealRow(
            id=new_id(),
            code=code,
            name=application.name,
            owner_name=application.owner_name,
            shape=application.shape,
            picture=picture.png,
            picture_format="PNG",
            size_mm=picture.width_mm,
            height_mm=picture.height_mm,
            valid_from=start,
            valid_to=end,
            filing_number=application.filing_number,
            basis=application.basis,
            state="draft",
            state_since=now,
            applied_by=officer.actor.id,
            applied_at=now,
            use_policy=application.use_policy.to_dict(),
            origin="made",
        )

    async def _note(
        self, session: AsyncSession, action: str, officer: Officer, row: SealRow, change: Change | None = None
    ) -> None:
        """In the audit trail, where it cannot be changed, and in the seal's own timeline."""
        cause, note = (change.cause, change.note) if change else (None, None)
        detail = {"code": row.code} | ({"reason": cause} if cause else {})
        actor = officer.actor
        await self._audit.record(session, AuditEvent(action, actor, subject_ref=row.id, detail=detail))
        session.add(
            SealEventRow(
                id=new_id(),
                seal_id=row.id,
                action=action.removeprefix("seal."),
                cause=cause,
                note=note,
                actor_kind=actor.kind,
                actor_id=actor.id,
                at=self._clock(),
            )
        )

    async def _refuse(self, officer: Officer, row: SealRow, action: str) -> None:
        async with self._database.transaction() as session:
            event = AuditEvent(f"seal.{action}", officer.actor, subject_ref=row.id, outcome="refused")
            await self._audit.record(session, event)


async def _load(session: AsyncSession, seal_id: str, *, lock: bool = False) -> SealRow:
    row = await find_seal(session, seal_id, lock=lock)
    if row is None:
        raise _no_such_seal()
    return row


def _no_such_seal() -> NotFound:
    return NotFound("There is no such seal.")


def _check_transition(row: SealRow, action: Action) -> None:
    allowed, _then = TRANSITIONS[action]
    if row.state not in allowed:
        raise Conflict(STATE_SENTENCES[row.state])


def making_order(draft: SealRow) -> SealOrder:
    """What its maker is told."""
    return SealOrder(
        seal_id=draft.id,
        code=draft.code,
        name=draft.name,
        owner=draft.owner_name,
        picture=draft.picture,
        width_mm=draft.size_mm,
        height_mm=draft.height_mm or draft.size_mm,
        valid_from=draft.valid_from,
        valid_to=draft.valid_to,
        personal=draft.shape == "name",
    )


async def _next_code(session: AsyncSession, area_code: str) -> str:
    highest = await highest_code(session, area_code)
    return f"{area_code}{(int(highest[6:]) if highest else 0) + 1:08}"
