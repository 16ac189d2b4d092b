"""The life of seals. Whoever applies for a seal cannot approve it (four eyes)."""

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError
from sqlalchemy.exc import IntegrityError as UniqueViolation
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound
from kernel.ids.time_ordered import new_id
from kernel.ids.uscc import Uscc
from seal.authority.making import SealMaker, SealOrder
from seal.authority.service import Authority
from seal.picture.round_seal import RoundSeal, draw_round_seal
from seal.seals.publication import SealPublication
from seal.seals.records import SealRow, find_seal, highest_code, list_seals, list_uses
from seal.seals.seal import (
    REASON_CODES,
    STATE_SENTENCES,
    TRANSITIONS,
    Action,
    RevocationReason,
    Seal,
    SealApplication,
    SealUse,
)

DEFAULT_LIFE = timedelta(days=1096)
LONGEST_LIFE = timedelta(days=1826)
_CODE = re.compile(r"\d{14}")
_SIZES_MM = range(20, 61)
_MAX_PICTURE_BYTES = 512 * 1024
_PAGE = 200
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
    """Who acts, and for which organisation if for one (its unified social credit code)."""

    actor: Actor
    uscc: str | None = None

    def may_reach(self, owner_uscc: str) -> bool:
        """Whether a seal of this owner is theirs to see and decide about.

        A person who acts for no organisation serves all of them (a seal office); a program always acts for one.
        """
        return self.uscc == owner_uscc if self.uscc is not None else self.actor.kind != "client"


class SealRegister:
    """Every change is one transaction with its audit event."""

    def __init__(self, parts: RegisterParts) -> None:
        self._database = parts.database
        self._audit = parts.audit
        self._clock = parts.clock
        self._authority = parts.authority
        self._maker = parts.maker
        self._publication = parts.publication
        self._font = parts.font

    async def apply(self, officer: Officer, application: SealApplication) -> Seal:
        """Enter a draft. Raises InvalidInput naming fields, Forbidden (another organisation), Conflict (code taken)."""
        now = self._clock().replace(microsecond=0)
        owner = _check_application(application, now)
        if not officer.may_reach(owner.value):
            raise Forbidden("You may apply for seals of your own organisation only.")
        for attempt in range(_ATTEMPTS):
            async with self._database.reading() as session:
                code = application.code or await _next_code(session, owner.area_code)
            row = await self._draft(code, officer, application, now)
            try:
                async with self._database.transaction() as session:
                    session.add(row)
                    await self._note(session, "seal.apply", officer, row)
                return Seal.of(row, now)
            except UniqueViolation:
                # Somebody else took the next free code meanwhile; a code that was asked for stays taken.
                if application.code or attempt == _ATTEMPTS - 1:
                    break
        raise Conflict("There is already a seal with the code {code}.", code=code)

    async def approve(self, officer: Officer, seal_id: str) -> Seal:
        """Make the seal and put it to use. Raises NotFound, Conflict (not a draft), Forbidden (the applicant's own)."""
        draft = await self._reachable(officer, seal_id, "approve")
        _check_transition(draft, "approve")
        if officer.actor.id == draft.applied_by:
            await self._refuse(officer, draft, "approve")
            raise Forbidden("You applied for this seal. Somebody else must approve it.")
        order = SealOrder(
            seal_id=draft.id,
            code=draft.code,
            name=draft.name,
            owner=draft.owner_name,
            picture=draft.picture,
            size_mm=draft.size_mm,
            valid_from=draft.valid_from,
            valid_to=draft.valid_to,
        )
        made = await self._maker.make(order)
        async with self._database.transaction() as session:
            row = await _load(session, seal_id, lock=True)
            _check_transition(row, "approve")
            row.esl, row.sm2_certificate, row.p256_certificate = made.esl, made.sm2_certificate, made.p256_certificate
            row.approved_by, row.approved_at = officer.actor.id, self._clock()
            self._move(row, "approve")
            await self._note(session, "seal.approve", officer, row)
        self._publication.forget()
        return Seal.of(row, self._clock())

    async def suspend(self, officer: Officer, seal_id: str) -> Seal:
        """Stop its use for a time. Raises NotFound, Conflict."""
        return await self._change(officer, seal_id, "suspend")

    async def resume(self, officer: Officer, seal_id: str) -> Seal:
        """Take it into use again. Raises NotFound, Conflict."""
        return await self._change(officer, seal_id, "resume")

    async def revoke(self, officer: Officer, seal_id: str, reason: RevocationReason = "cessation") -> Seal:
        """End it for good and revoke its certificates. Raises NotFound, Conflict."""
        return await self._change(officer, seal_id, "revoke", reason)

    async def get(self, seal_id: str, *, officer: Officer | None = None) -> Seal:
        """One seal by id or code; raises NotFound, also when it is not one that `officer` may know of."""
        async with self._database.reading() as session:
            row = await _load(session, seal_id)
        if officer is not None and not officer.may_reach(row.owner_uscc):
            raise _no_such_seal()
        return Seal.of(row, self._clock())

    async def picture(self, seal_id: str) -> bytes:
        """What it looks like, PNG; raises NotFound."""
        async with self._database.reading() as session:
            return (await _load(session, seal_id)).picture

    async def seals(self, *, owner_uscc: str | None = None) -> list[Seal]:
        """The newest seals first, of one owner if given; at most 200."""
        async with self._database.reading() as session:
            rows = await list_seals(session, owner_uscc=owner_uscc, limit=_PAGE)
        return [Seal.of(row, self._clock()) for row in rows]

    async def uses(self, seal_id: str, *, before: str | None = None) -> list[SealUse]:
        """What a seal was used for, newest first; 200 at a time, `before` the last id seen. Raises NotFound."""
        async with self._database.reading() as session:
            seal = await _load(session, seal_id)
            rows = await list_uses(session, seal.id, before=before, limit=_PAGE)
        return [SealUse(row.id, row.digest, row.format, row.purpose, row.actor_id, row.at) for row in rows]

    async def _change(
        self, officer: Officer, seal_id: str, action: Action, reason: RevocationReason | None = None
    ) -> Seal:
        await self._reachable(officer, seal_id, action)
        async with self._database.transaction() as session:
            row = await _load(session, seal_id, lock=True)
            _check_transition(row, action)
            self._move(row, action)
            if reason is not None:
                await self._authority.revoke_for_seal(session, row.id, officer.actor, REASON_CODES[reason])
            await self._note(session, f"seal.{action}", officer, row, reason)
        self._publication.forget()
        return Seal.of(row, self._clock())

    async def _reachable(self, officer: Officer, seal_id: str, action: Action) -> SealRow:
        """The seal, unless it is another organisation's; such an attempt is written down. Raises NotFound."""
        async with self._database.reading() as session:
            row = await _load(session, seal_id)
        if not officer.may_reach(row.owner_uscc):
            await self._refuse(officer, row, action)
            raise _no_such_seal()
        return row

    async def _draft(self, code: str, officer: Officer, application: SealApplication, now: datetime) -> SealRow:
        picture = application.picture
        if picture is None:
            design = RoundSeal(application.name, code, self._font, application.bottom_text)
            picture = await asyncio.to_thread(draw_round_seal, design)
        valid_from = (application.valid_from or now).replace(microsecond=0)
        return SealRow(
            id=new_id(),
            code=code,
            name=application.name,
            owner_uscc=Uscc.parse(application.owner_uscc).value,
            owner_name=application.owner_name,
            picture=picture,
            size_mm=application.size_mm,
            valid_from=valid_from,
            valid_to=(application.valid_to or valid_from + DEFAULT_LIFE).replace(microsecond=0),
            filing_number=application.filing_number,
            state="draft",
            state_since=now,
            applied_by=officer.actor.id,
            applied_at=now,
        )

    def _move(self, row: SealRow, action: Action) -> None:
        row.state = TRANSITIONS[action][1]
        row.state_since = self._clock()

    async def _note(
        self, session: AsyncSession, action: str, officer: Officer, row: SealRow, reason: str | None = None
    ) -> None:
        detail = {"code": row.code} | ({"reason": reason} if reason else {})
        await self._audit.record(session, AuditEvent(action, officer.actor, subject_ref=row.id, detail=detail))

    async def _refuse(self, officer: Officer, row: SealRow, action: Action) -> None:
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


def _check_application(application: SealApplication, now: datetime) -> Uscc:
    faults: list[FieldError] = []
    if application.code is not None and not _CODE.fullmatch(application.code):
        faults.append(FieldError("code", "A seal code has 14 digits."))
    if not application.name.strip() or len(application.name) > 128:
        faults.append(FieldError("name", "Enter the name on the seal."))
    if not application.owner_name.strip() or len(application.owner_name) > 128:
        faults.append(FieldError("owner.name", "Enter the name of the owner."))
    if application.size_mm not in _SIZES_MM:
        faults.append(FieldError("size_mm", "A seal is 20 to 60 millimetres wide."))
    start = application.valid_from or now
    end = application.valid_to or start + DEFAULT_LIFE
    if not start < end <= start + LONGEST_LIFE or end <= now:
        faults.append(FieldError("valid_to", "A seal is valid for up to five years."))
    if application.picture is not None and not _is_png(application.picture):
        faults.append(FieldError("picture", "The picture must be a PNG of at most 512 KB."))
    try:
        owner = Uscc.parse(application.owner_uscc)
    except InvalidInput as fault:
        raise InvalidInput(
            "Some fields need your attention.",
            fields=[FieldError("owner.uscc", fault.message, fault.params), *faults],
        ) from fault
    if faults:
        raise InvalidInput("Some fields need your attention.", fields=faults)
    return owner


def _is_png(picture: bytes) -> bool:
    if len(picture) > _MAX_PICTURE_BYTES:
        return False
    try:
        with Image.open(BytesIO(picture), formats=["PNG"]) as image:
            return image.width <= 4096 and image.height <= 4096
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return False


async def _next_code(session: AsyncSession, area_code: str) -> str:
    highest = await highest_code(session, area_code)
    return f"{area_code}{(int(highest[6:]) if highest else 0) + 1:08}"
