"""Passing agencies' calls on to the vaults below that have the licences. Each of them judges the call itself."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from kernel.audit.chain import AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict
from licence_vault.neighbours.breaker import Breaker
from licence_vault.neighbours.neighbour import Neighbour, NeighbourSide
from licence_vault.neighbours.peer import AWAY, RESTING, NeighbourAway, PeerAnswer, Peers, away
from licence_vault.neighbours.records import (
    PassedCopyRow,
    neighbour_of_file,
    neighbours_with_identifier,
    with_holder,
)
from licence_vault.neighbours.register import NeighbourRegister
from licence_vault.sharing.call import SharingCall

ON_BEHALF_OF = "on_behalf_of"


@dataclass(frozen=True)
class PassedCall:
    """A call as it is passed on: whose it is, its body as it came, and the language of whoever asks."""

    call: SharingCall
    body: Mapping[str, Any] = field(repr=False)
    language: str = ""


@dataclass(frozen=True)
class Gathered:
    """What several vaults answered to a query, and the names of those that did not."""

    licences: Sequence[Mapping[str, Any]] = ()
    unanswered: Sequence[str] = ()


class Relay:
    """Finds which vault below has a licence, by its directory, and asks it in the agency's name."""

    def __init__(
        self,
        database: Database,
        register: NeighbourRegister,
        peers: Peers,
        breaker: Breaker,
        audit: AuditTrail,
        clock: Clock,
    ) -> None:
        self._database = database
        self._register = register
        self._peers = peers
        self._breaker = breaker
        self._audit = audit
        self._clock = clock

    async def gather(self, passed: PassedCall, type_code: str, id_type: str, number: str) -> Gathered:
        """What the vaults below tell of a holder's licences of a type; those without an entry are not asked.

        Which of them is away is told whether or not it has an entry where a call rests on a grant: whoever has none
        should not learn from it whether there is a licence.
        """
        below = await self._below(passed.call)
        if not below:
            return Gathered()
        keys = [(each.id, each.holder_key(id_type, number)) for each in below.values()]
        async with self._database.reading() as session:
            asked = {entry.neighbour_id for entry in await with_holder(session, keys, type_code)}
        answers = await asyncio.gather(*(self._query(below[each], passed) for each in sorted(asked)))
        licences = [licence for answer in answers if answer is not None for licence in answer]
        silent = {each for each, answer in zip(sorted(asked), answers, strict=True) if answer is None}
        if not passed.call.is_legal:
            silent |= {each for each in below if await self._breaker.is_open(each)}
        return Gathered(licences, sorted(below[each].authority.name for each in silent))

    async def of_licence(self, call: SharingCall, identifier: str) -> Neighbour | None:
        """The vault below that has a licence. Raises `Conflict` when two say so."""
        below = await self._below(call)
        if not below:
            return None
        async with self._database.reading() as session:
            found = await neighbours_with_identifier(session, list(below), identifier)
        if len(found) > 1:
            raise Conflict("Two vaults say that this licence is theirs. Tell the operator.")
        return below[found[0]] if found else None

    async def of_file(self, call: SharingCall, digest: str) -> Neighbour | None:
        """The vault below that a file comes from, by its SHA-256 (hex)."""
        below = await self._below(call)
        if not below:
            return None
        async with self._database.reading() as session:
            found = await neighbour_of_file(session, list(below), digest)
        return below.get(found or "")

    async def ask(self, neighbour: Neighbour, operation: str, passed: PassedCall) -> PeerAnswer:
        """What a vault answers, a refusal included. Raises `NeighbourAway`, at once while it is left alone."""
        try:
            answer = await self._guarded(neighbour, operation, passed)
        except NeighbourAway as failure:
            await self._note(neighbour, operation, passed.call, outcome="failure", detail={"reason": failure.reason})
            raise
        digest = _digest_of_copy(answer)
        async with self._database.transaction() as session:
            if digest and await session.get(PassedCopyRow, digest) is None:
                session.add(PassedCopyRow(digest=digest, neighbour_id=neighbour.id, at=self._clock()))
        await self._note(neighbour, operation, passed.call, detail={"status": answer.status})
        if answer.status == 200:
            return PeerAnswer(200, answer.document | {"vault": _named(neighbour)})
        return answer

    async def _query(self, neighbour: Neighbour, passed: PassedCall) -> list[Mapping[str, Any]] | None:
        """The licences that it tells of, none when it refuses; nothing when it is away."""
        try:
            answer = await self.ask(neighbour, "query", passed)
        except NeighbourAway:
            return None
        if answer.status == 429:
            return None
        told = answer.document.get("licences") if answer.status == 200 else []
        licences = [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []
        return [each | {"vault": _named(neighbour)} for each in licences]

    async def _guarded(self, neighbour: Neighbour, operation: str, passed: PassedCall) -> PeerAnswer:
        if await self._breaker.is_open(neighbour.id):
            raise away(neighbour, RESTING)
        agency = passed.call.agency
        body = dict(passed.body) | {ON_BEHALF_OF: {"uscc": agency.uscc, "name": agency.name}}
        try:
            answer = await self._peers.post(neighbour, f"/api/v1/sharing/{operation}", body, language=passed.language)
        except NeighbourAway as failure:
            await self._breaker.note_failure(neighbour.id, at_once=failure.reason == AWAY)
            raise
        await self._breaker.note_answer(neighbour.id)
        return answer

    async def _below(self, call: SharingCall) -> dict[str, Neighbour]:
        """None for a call that was itself passed on: it goes down one step and no further."""
        if call.via is not None:
            return {}
        return {each.id: each for each in await self._register.on(NeighbourSide.BELOW)}

    async def _note(
        self,
        neighbour: Neighbour,
        operation: str,
        call: SharingCall,
        *,
        outcome: Literal["success", "failure"] = "success",
        detail: Mapping[str, Any],
    ) -> None:
        told = {"operation": operation, "neighbour": neighbour.code, "agency": call.agency.uscc, **detail}
        event = AuditEvent("sharing.pass_on", call.actor, f"neighbour:{neighbour.id}", outcome=outcome, detail=told)
        async with self._database.transaction() as session:
            await self._audit.record(session, event)


def _named(neighbour: Neighbour) -> dict[str, str]:
    return {"uscc": neighbour.authority.uscc, "name": neighbour.authority.name}


def _digest_of_copy(answer: PeerAnswer) -> str:
    copy = answer.document.get("copy") if answer.status == 200 else None
    digest = copy.get("sha256") if isinstance(copy, dict) else None
    return digest if isinstance(digest, str) and len(digest) == 64 else ""
