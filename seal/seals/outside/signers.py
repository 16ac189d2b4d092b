"""Certificates that an outside authority issued for a seal's keys: the request, and putting the answer to use."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.crypto.certificates import Certificate, verify_chain
from kernel.crypto.certification.requests import CertificateRequest
from kernel.crypto.der.extensions import KeyUsage
from kernel.database.engine import Database
from kernel.errors import Conflict, InvalidInput, NotFound
from seal.authority.enrolment import Enrolment
from seal.authority.making import SealMaker
from seal.authority.profiles import Family, family_of, seal_key_name
from seal.authority.records import OUTSIDE
from seal.authority.service import Authority
from seal.seals.bindings import Bindings
from seal.seals.publication import SealPublication
from seal.seals.records import SealRow, find_seal
from seal.seals.service import making_order


@dataclass(frozen=True)
class OutsideParts:
    """What it works with."""

    database: Database
    audit: AuditTrail
    clock: Clock
    authority: Authority
    enrolment: Enrolment
    maker: SealMaker
    publication: SealPublication


class OutsideSigners:
    """For seals in use: an SM2 certificate has the seal made anew, a P-256 or RSA one signs its PDFs from then on."""

    def __init__(self, parts: OutsideParts) -> None:
        self._parts = parts

    async def request(self, seal_id: str, family: Family) -> CertificateRequest:
        """What to send to the outside authority. Raises NotFound, Conflict (no seal in use)."""
        async with self._parts.database.reading() as session:
            seal = await _usable(session, seal_id)
        return await self._parts.enrolment.request_for_seal(seal.id, family, code=seal.code, owner=seal.owner_name)

    async def adopt(self, seal_id: str, chain: Sequence[Certificate], actor: Actor) -> Certificate:
        """Put the answer to use: the signer's certificate, its issuers, and the root, in any order. The root is trusted
        from then on. Raises NotFound, Conflict, InvalidInput (not this seal's key, no whole chain), ChainError.
        """
        async with self._parts.database.reading() as session:
            seal = await _usable(session, seal_id)
        leaf, issuers, root = _sorted(chain)
        family = family_of(leaf.der)
        key = await self._parts.enrolment.seal_key(seal.id, family)
        if key.public_spki != leaf.spki:
            raise InvalidInput("The certificate is not over this seal's key.")
        now = self._parts.clock()
        usages: tuple[KeyUsage, ...] = ("digital_signature", "non_repudiation")
        await asyncio.to_thread(verify_chain, leaf, issuers, [root], now, usages=usages)
        if leaf.not_after < seal.valid_to:
            raise InvalidInput("The certificate ends before the seal does.")
        esl = await self._parts.maker.remake(making_order(seal), leaf.der) if family == "sm2" else None
        async with self._parts.database.transaction() as session:
            current = await _usable(session, seal_id, lock=True)
            if esl is not None:
                current.esl, current.sm2_certificate = esl, leaf.der
                current.bindings = Bindings.read(current.bindings).with_seal(esl, leaf.der).to_dict()
            else:
                current.p256_certificate = leaf.der
                current.bindings = Bindings.read(current.bindings).with_signers(leaf.der).to_dict()
            await self._parts.authority.outside.keep(session, issuers, root)
            row = self._parts.authority.row(leaf, family, purpose="outside-signer")
            row.issuer, row.seal_id, row.key_name = OUTSIDE, seal.id, seal_key_name(seal.id, family)
            session.add(row)
            detail = {"serial": row.serial, "root": root.fingerprint}
            event = AuditEvent("certificate.import", actor, subject_ref=seal.id, detail=detail)
            await self._parts.audit.record(session, event)
        self._parts.publication.forget()
        await self._parts.authority.outside.refresh()
        return leaf


async def _usable(session: AsyncSession, seal_id: str, *, lock: bool = False) -> SealRow:
    seal = await find_seal(session, seal_id, lock=lock)
    if seal is None:
        raise NotFound("There is no such seal.")
    if seal.state != "active":
        raise Conflict("The seal is not in use.")
    if seal.origin != "made":
        raise Conflict("The key of this seal is not here.")
    return seal


def _sorted(chain: Sequence[Certificate]) -> tuple[Certificate, list[Certificate], Certificate]:
    """(signer, issuers, root); raises InvalidInput when it is not one of each end."""
    roots = [each for each in chain if each.subject.matches(each.issuer)]
    leaves = [each for each in chain if not each.is_ca]
    if len(roots) != 1 or len(leaves) != 1:
        raise InvalidInput("Give the signer's certificate, those of its issuers, and one root.")
    return leaves[0], [each for each in chain if each not in (leaves[0], roots[0])], roots[0]
