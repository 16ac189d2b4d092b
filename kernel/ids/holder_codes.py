"""Kinds of numbers a licence holder is known by (GB/T 36903-2018 Annex A)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kernel.errors import InvalidInput
from kernel.ids.resident_id import ResidentId
from kernel.ids.typed_text import canonical_text
from kernel.ids.uscc import Uscc

HolderKind = Literal["natural", "legal"]


@dataclass(frozen=True)
class HolderCodeType:
    """One row of Annex A."""

    code: str
    kind: HolderKind
    label_zh: str
    label_en: str


USCC = HolderCodeType("001", "legal", "统一社会信用代码", "Unified social credit code")
OTHER_LEGAL = HolderCodeType("099", "legal", "其他法人或其他组织有效证件代码", "Other organisation document")
RESIDENT_ID = HolderCodeType("111", "natural", "公民身份号码", "Resident ID number")
OTHER_NATURAL = HolderCodeType("999", "natural", "其他自然人有效证件", "Other personal document")

HOLDER_CODE_TYPES: Mapping[str, HolderCodeType] = {
    each.code: each
    for each in (
        USCC,
        OTHER_LEGAL,
        RESIDENT_ID,
        HolderCodeType("114", "natural", "军官证", "Military officer card"),
        HolderCodeType("115", "natural", "武警警官证", "Armed police officer card"),
        HolderCodeType("118", "natural", "士兵证", "Soldier card"),
        HolderCodeType("119", "natural", "武警士兵证", "Armed police soldier card"),
        HolderCodeType("120", "natural", "解放军文职人员证", "PLA civilian staff card"),
        HolderCodeType("122", "natural", "武警文职人员证", "Armed police civilian staff card"),
        HolderCodeType("411", "natural", "外交护照", "Diplomatic passport"),
        HolderCodeType("412", "natural", "公务护照", "Service passport"),
        HolderCodeType("413", "natural", "公务普通护照", "Passport for public affairs"),
        HolderCodeType("414", "natural", "普通护照", "Passport"),
        HolderCodeType("511", "natural", "台湾居民来往大陆通行证", "Mainland travel permit for Taiwan residents"),
        HolderCodeType(
            "516", "natural", "港澳居民来往内地通行证", "Mainland travel permit for Hong Kong and Macao residents"
        ),
        OTHER_NATURAL,
    )
}


def load_holder_code_type(code: str) -> HolderCodeType:
    """The type with this code; raises InvalidInput."""
    try:
        return HOLDER_CODE_TYPES[code]
    except KeyError as error:
        raise InvalidInput("There is no holder code type {code}.", code=code[:8]) from error


def parse_holder_number(code: str, text: str) -> str:
    """The canonical number of the given type; raises InvalidInput. Only 001 and 111 have check characters."""
    kind = load_holder_code_type(code)
    if kind is USCC:
        return str(Uscc.parse(text))
    if kind is RESIDENT_ID:
        return str(ResidentId.parse(text))
    number = canonical_text(text)
    if not 4 <= len(number) <= 64 or not number.isprintable():
        raise InvalidInput("This number must have 4 to 64 characters.")
    return number
