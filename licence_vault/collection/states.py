"""How collections and their rows stand, and how far a collected licence may be believed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class CollectionState(StrEnum):
    """`mapping` waits for somebody to say what the columns mean; `halted` for something outside to change."""

    RECEIVING = "receiving"
    MAPPING = "mapping"
    CLEANING = "cleaning"
    REVIEWING = "reviewing"
    HALTED = "halted"
    DONE = "done"
    CANCELLED = "cancelled"


LIVING = (CollectionState.MAPPING, CollectionState.CLEANING, CollectionState.REVIEWING, CollectionState.HALTED)


class ItemState(StrEnum):
    """`open` waits for review, `second` for another person's, `accepted` for conversion."""

    NEW = "new"
    OPEN = "open"
    SECOND = "second"
    ACCEPTED = "accepted"
    CONVERTED = "converted"
    REJECTED = "rejected"
    FAILED = "failed"


WAITING = (ItemState.NEW, ItemState.OPEN, ItemState.SECOND, ItemState.ACCEPTED)
"""While a collection has rows in these, it is not done."""


class Credibility(StrEnum):
    """The classes of 国办函〔2016〕108号: who answers for it that the copy says what the original says."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


@dataclass(frozen=True)
class ClassRules:
    """What a class demands. `wording` stands on the converted copy, which is Chinese."""

    bulk: bool
    second_person: bool
    wording: str


CLASS_RULES: Mapping[Credibility, ClassRules] = {
    Credibility.A: ClassRules(True, False, "A 类：由发证机关提供，可直接使用。"),
    Credibility.B: ClassRules(True, False, "B 类：已在窗口与原件核对无误，可重复使用。"),
    Credibility.C: ClassRules(False, True, "C 类：由用户上传，办事时须出示原件核验。"),
    Credibility.D: ClassRules(False, True, "D 类：由用户自制并承诺其真实，仅供参考。"),
}
