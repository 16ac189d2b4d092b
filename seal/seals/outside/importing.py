"""Seals made by another system (.esl, versions 1, 4 and 5): judged by trusted makers, then entered in the register.

A seal without its key is known here and cannot be used. One whose key lies in our key store waits for somebody else's
approval, as one made here does.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from kernel.clock import Clock
from kernel.errors import FieldError, Forbidden, InvalidInput
from kernel.ids.time_ordered import new_id
from kernel.ids.uscc import Uscc
from seal.authority.held_keys import HeldKeys
from seal.picture.uploaded import MOST_PIXELS
from seal.seals.bindings import Bindings
from seal.seals.outside.ownership import same_name, stated_otherwise
from seal.seals.records import SealRow
from seal.seals.seal import Seal
from seal.seals.service import Officer, SealRegister
from seal.seals.use_policy import UsePolicy
from seal.structures.fields import MalformedStructure
from seal.structures.gbt38540 import KIND_PERSON, ElectronicSeal, load_seal
from seal.validation.certificates import load_certificate
from seal.validation.report import Check, CheckResult, SubIndication
from seal.validation.seal_checks import SEAL_STATUS, judge_seal
from seal.validation.trust import TrustStore

MOST_BYTES = 1024 * 1024
_LONGEST = {"code": 64, "name": 128}
_WIDEST_MM = 200
_FORMATS = frozenset({"PNG", "JPG", "JPEG", "GIF", "BMP", "SVG", "OFD"})
_REFUSED = "This seal cannot be taken in."


@dataclass(frozen=True)
class SealImport:
    """What somebody brings: the seal (DER SESeal), whose it is, and where its key lies if it lies with us.

    `signer_certificate` (DER) is needed where the seal lists certificates by their digests, or lists several.
    """

    esl: bytes = field(repr=False)
    owner_uscc: str
    owner_name: str
    signer_certificate: bytes | None = field(default=None, repr=False)
    key_name: str | None = None
    filing_number: str | None = None


@dataclass(frozen=True)
class JudgedSeal:
    """A seal that may be taken in: its signer's certificate (DER), and what is worth knowing."""

    seal: ElectronicSeal
    signer: bytes
    notes: tuple[Check, ...]


class SealImports:
    """Takes seals in. `makers`: whose seals are believed."""

    def __init__(self, register: SealRegister, keys: HeldKeys, makers: TrustStore, clock: Clock) -> None:
        self._register = register
        self._keys = keys
        self._makers = makers
        self._clock = clock

    async def take_in(self, officer: Officer, wished: SealImport) -> tuple[Seal, tuple[Check, ...]]:
        """Enter the seal, and say what is worth knowing about it.

        Raises InvalidInput naming everything that is wrong with it, Forbidden (another organisation's), Conflict (the
        code is taken).
        """
        owner = _owner(wished)
        if not officer.may_reach(owner):
            raise Forbidden("You may apply for seals of your own organisation only.")
        now = self._clock().replace(microsecond=0)
        judged = await asyncio.to_thread(judge_import, wished.esl, wished.signer_certificate, self._makers, now)
        if wished.key_name:
            await self._check_key(wished.key_name, judged.signer)
        if officer.organisation and not same_name(officer.organisation, wished.owner_name):
            raise _refused(FieldError("owner.name", "This is not the name of your organisation."))
        row = _row(judged, wished, officer, now)
        row.owner_uscc = owner
        row.stated_owner = stated_otherwise(judged.seal, load_certificate(judged.signer), owner, wished.owner_name)
        return await self._register.take_in(officer, row), judged.notes

    async def attach_key(self, officer: Officer, seal_id: str, key_name: str) -> Seal:
        """Say that the key of an imported seal now lies with us; somebody else then approves its use.

        Raises NotFound, Conflict (not an imported seal), InvalidInput (no such key, or another one).
        """
        seal = await self._register.get(seal_id, officer=officer)
        await self._check_key(key_name, seal.sm2_certificate or b"")
        return await self._register.attach_key(officer, seal_id, key_name)

    async def _check_key(self, name: str, certificate: bytes) -> None:
        found = await self._keys.public_spki(name)
        if found is None:
            message = "There is no SM2 key called {name} in the key store."
            raise _refused(FieldError("key_name", message, {"name": name}))
        if not certificate or found != load_certificate(certificate).public_key().spki:
            raise _refused(FieldError("key_name", "The key {name} is not that of this seal.", {"name": name}))


def judge_import(esl: bytes, signer: bytes | None, makers: TrustStore, now: datetime) -> JudgedSeal:
    """Read the seal and judge it as of now. Raises InvalidInput naming everything that is wrong. Blocking."""
    seal = _read(esl)
    listed = seal.contents.properties.certificates
    signer = signer or (listed[0] if len(listed) == 1 else None)
    if signer is None:
        message = "The seal does not name its one signer. Send the signer's certificate too."
        raise _refused(FieldError("signer_certificate", message))
    checks = list(judge_seal(seal, signer, used_at=now, asked_at=now, trust=replace(makers, seal_status=None)))
    faults = [*_shape_faults(seal), *(_fault(check) for check in checks if _is_fatal(check))]
    if faults:
        raise _refused(*faults)
    notes = (check for check in checks if check.result is not CheckResult.PASSED and check.name != SEAL_STATUS)
    return JudgedSeal(seal, signer, tuple(notes))


def _read(esl: bytes) -> ElectronicSeal:
    if not 0 < len(esl) <= MOST_BYTES:
        raise _refused(FieldError("esl", "The seal is a file of at most 1 MB."))
    try:
        return load_seal(esl)
    except MalformedStructure as failure:
        message = "This is not an electronic seal of GB/T 38540 or GM/T 0031."
        raise InvalidInput(_REFUSED, fields=[FieldError("esl", message)], reason=failure.reason) from failure


def _shape_faults(seal: ElectronicSeal) -> Iterable[FieldError]:
    contents, picture = seal.contents, seal.contents.picture
    for name, text in (("code", contents.seal_code), ("name", contents.properties.name)):
        if not text.strip() or len(text) > _LONGEST[name] or not text.isprintable():
            yield FieldError("esl", "The seal's code or name is empty or too long.")
    if not (0 < picture.width_mm <= _WIDEST_MM and 0 < picture.height_mm <= _WIDEST_MM):
        yield FieldError("esl", "The seal's picture has no size that can be printed.")
    if picture.format.upper() not in _FORMATS or not picture.data:
        message = "The seal's picture is of a kind that is not known: {kind}."
        yield FieldError("esl", message, {"kind": picture.format[:16]})
    elif picture.format.upper() == "PNG" and _is_bomb(picture.data):
        yield FieldError("esl", "The picture is at most {most} pixels wide and high.", {"most": MOST_PIXELS})


def _is_bomb(png: bytes) -> bool:
    sides = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    return not png.startswith(b"\x89PNG") or max(sides) > MOST_PIXELS


def _is_fatal(check: Check) -> bool:
    """That nobody could say whether a certificate was revoked is a note: national lists are not always to be had."""
    open_question = check.result is CheckResult.INDETERMINATE and check.sub_indication is not SubIndication.TRY_LATER
    return check.result is CheckResult.FAILED or open_question


def _fault(check: Check) -> FieldError:
    return FieldError("esl", check.detail, dict(check.params))


def _refused(*faults: FieldError) -> InvalidInput:
    return InvalidInput(_REFUSED, fields=faults)


def _owner(wished: SealImport) -> str:
    try:
        owner = Uscc.parse(wished.owner_uscc).value
    except InvalidInput as fault:
        raise _refused(FieldError("owner.uscc", fault.message, fault.params)) from fault
    if not wished.owner_name.strip() or len(wished.owner_name) > _LONGEST["name"]:
        raise _refused(FieldError("owner.name", "Enter the name of the owner."))
    return owner


def _row(judged: JudgedSeal, wished: SealImport, officer: Officer, now: datetime) -> SealRow:
    contents = judged.seal.contents
    picture, properties = contents.picture, contents.properties
    return SealRow(
        id=new_id(),
        code=contents.seal_code,
        name=properties.name,
        owner_name=wished.owner_name.strip(),
        shape="name" if properties.kind == KIND_PERSON else _shape(picture.width_mm, picture.height_mm),
        picture=picture.data,
        picture_format=picture.format.upper(),
        size_mm=picture.width_mm,
        height_mm=picture.height_mm,
        valid_from=properties.valid_from,
        valid_to=properties.valid_to,
        filing_number=wished.filing_number,
        state="draft" if wished.key_name else "imported",
        state_since=now,
        applied_by=officer.actor.id,
        applied_at=now,
        esl=judged.seal.encoded,
        sm2_certificate=judged.signer,
        bindings=Bindings().with_seal(judged.seal.encoded, judged.signer).to_dict(),
        use_policy=UsePolicy().to_dict(),
        origin="imported",
        key_name=wished.key_name,
        holds_code=True,
    )


def _shape(width: int, height: int) -> str:
    return "round" if width == height else "oval"
