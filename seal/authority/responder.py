"""Answering whether a certificate is good, as of now, from the register itself (RFC 6960)."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.crypto.revocation.crl import Revocation
from kernel.crypto.revocation.ocsp import CertificateId, SingleStatus
from kernel.crypto.revocation.ocsp_answers import (
    OcspError,
    OcspRequest,
    OcspRequestRefused,
    Responder,
    error_response,
    make_response,
)
from kernel.errors import XinyinError
from seal.authority.own_certificates import AuthorityParts
from seal.authority.profiles import Family, issuing_name, ocsp_name
from seal.authority.records import find_by_serial
from seal.authority.service import Authority

GOOD_FOR: Final = timedelta(hours=1)
"""How long an answer may be kept; a revocation is answered at once."""

KEPT_FOR: Final = timedelta(minutes=5)
"""How long a signed answer is given again, as long as the register says the same (RFC 5019 §2.2.4)."""
_MOST_KEPT: Final = 2048
_Meaning = tuple[Family, tuple[tuple[bytes, str, Revocation | None], ...]]


class OcspResponder:
    """Speaks for the issuing authorities. The roots, which issue nothing but those, publish lists alone."""

    def __init__(self, parts: AuthorityParts, authority: Authority) -> None:
        self._parts = parts
        self._authority = authority
        self._kept: dict[_Meaning, tuple[bytes, datetime]] = {}

    async def answer(self, request: bytes) -> bytes:
        """DER OCSPResponse to a DER OCSPRequest; faults are answered in the protocol, nothing is raised for input."""
        try:
            return await self._answer(OcspRequest.load(request))
        except OcspRequestRefused as refusal:
            return error_response(refusal.error)
        except XinyinError:  # the database or the key is away
            return error_response(OcspError.TRY_LATER)

    async def _answer(self, request: OcspRequest) -> bytes:
        family = self._family(request)
        async with self._parts.database.reading() as session:
            statuses = [await self._status(session, identity, family) for identity in request.certificates]
        if request.nonce is None and (kept := self._kept_answer(family, statuses)) is not None:
            return kept
        certificate = self._authority.certificate(ocsp_name(family))
        key = await asyncio.to_thread(self._authority.own.open_key, ocsp_name(family))
        responder = Responder(key, certificate)
        made = await asyncio.to_thread(make_response, statuses, responder, self._parts.clock(), request.nonce)
        if request.nonce is None:
            self._keep(family, statuses, made.der)
        return made.der

    def _kept_answer(self, family: Family, statuses: list[SingleStatus]) -> bytes | None:
        """One signed a little while ago that says the same: the register was asked, and only the times differ."""
        found = self._kept.get(_meaning(family, statuses))
        if found is None or not timedelta() <= self._parts.clock() - found[1] < KEPT_FOR:
            return None
        return found[0]

    def _keep(self, family: Family, statuses: list[SingleStatus], der: bytes) -> None:
        meaning = _meaning(family, statuses)
        self._kept.pop(meaning, None)
        self._kept[meaning] = der, self._parts.clock()
        while len(self._kept) > _MOST_KEPT:
            del self._kept[next(iter(self._kept))]

    def _family(self, request: OcspRequest) -> Family:
        """The family that the first certificate we can speak for belongs to."""
        for identity in request.certificates:
            for family in self._authority.families():
                if identity.is_from(self._authority.certificate(issuing_name(family))):
                    return family
        raise OcspRequestRefused(OcspError.UNAUTHORIZED)

    async def _status(self, session: AsyncSession, identity: CertificateId, family: Family) -> SingleStatus:
        now = self._parts.clock()
        issuer = issuing_name(family)
        if not identity.is_from(self._authority.certificate(issuer)):
            return SingleStatus(identity, "unknown", now, now + GOOD_FOR)
        row = await find_by_serial(session, f"{identity.serial:x}", issuer) if identity.serial > 0 else None
        if row is None:
            return SingleStatus(identity, "unknown", now, now + GOOD_FOR)
        if row.revoked_at is None:
            return SingleStatus(identity, "good", now, now + GOOD_FOR)
        revocation = Revocation(identity.serial, row.revoked_at, row.revocation_reason)
        return SingleStatus(identity, "revoked", now, now + GOOD_FOR, revocation)


def _meaning(family: Family, statuses: list[SingleStatus]) -> _Meaning:
    return family, tuple((each.certificate.encode(), each.standing, each.revocation) for each in statuses)
