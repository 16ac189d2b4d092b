"""Whose an imported seal says it is, in its signer's certificate and its name; pure."""

import re
import unicodedata
from collections.abc import Iterable

from kernel.crypto.certificates import Certificate
from kernel.errors import InvalidInput
from kernel.ids.uscc import Uscc
from seal.structures.gbt38540 import KIND_PERSON, ElectronicSeal

LONGEST = 256
_ORGANISATION, _UNIT, _COMMON_NAME = "2.5.4.10", "2.5.4.11", "2.5.4.3"
_NUMBERS = tuple(f"1.2.156.10260.4.1.{number}" for number in (3, 4, 5))
"""GM/T 0015: numbers of registration, of the organisation, of taxation, as extensions."""
_CODE = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{18}(?![0-9A-Z])")
_KIND_OF_SEAL = re.compile(r"公章|行政章|(?:行政审批|业务|财务|合同|发票|人事|电子)?专用章")


def stated_otherwise(seal: ElectronicSeal, signer: Certificate, owner_uscc: str, owner_name: str) -> str | None:
    """What the seal says of its owner where that is not this organisation; None where it is.

    A credit code decides where there is one. Otherwise the organisation's name must stand in the certificate, or in
    the seal's own name with nothing after it but a kind of seal. Of a person's seal that names no organisation: "".
    """
    codes, names = set(_codes(signer)), list(_names(seal, signer))
    if codes and codes != {owner_uscc}:
        return _shown(names, codes)
    if codes or any(_is_name_of(owner_name, name) for name in names):
        return None
    return _shown(names, codes)


def same_name(one: str, other: str) -> bool:
    """Whether two spellings are one name: width, case and spaces do not count."""
    return _folded(one) == _folded(other)


def _is_name_of(owner: str, name: str) -> bool:
    folded, wanted = _folded(name), _folded(owner)
    rest = folded.removeprefix(wanted)
    return folded == wanted or (rest != folded and _KIND_OF_SEAL.fullmatch(rest) is not None)


def _names(seal: ElectronicSeal, signer: Certificate) -> Iterable[str]:
    """The organisation's first. The name of a person is nobody's business here."""
    of_person = seal.contents.properties.kind == KIND_PERSON
    for wanted in (_ORGANISATION, _UNIT, *(() if of_person else (_COMMON_NAME,))):
        yield from (text for kind, text in signer.subject.attributes if kind == wanted)
    if not of_person:
        yield seal.contents.properties.name


def _codes(signer: Certificate) -> Iterable[str]:
    texts = [text for _kind, text in signer.subject.attributes]
    texts += [(signer.extension(oid) or b"").decode("latin-1") for oid in _NUMBERS]
    for text in texts:
        for written in _CODE.findall(unicodedata.normalize("NFKC", text).upper()):
            try:
                yield Uscc.parse(written).value
            except InvalidInput:
                continue


def _shown(names: list[str], codes: set[str]) -> str:
    return " ".join([*names[:1], *sorted(codes)])[:LONGEST]


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
