"""The rules as `rules.json` has them: which function cleans which kinds of values, in which order. Pure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from licence_vault.catalogue.licence_type import label
from licence_vault.collection.cleaning import characters
from licence_vault.collection.cleaning.days import read_old_day
from licence_vault.collection.cleaning.numbers import lengthened
from licence_vault.issuing.drafting import LONG_TERM

_FILE = Path(__file__).with_name("rules.json")


@dataclass(frozen=True)
class Subject:
    """What a rule looks at beside the value: where it stands, its `kind`, the values that its type offers."""

    place: str
    kind: str
    id_types: tuple[str, ...] = ()
    choices: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Rule:
    """`apply` gives the value as the rule wants it; one that is right already comes back as it is."""

    code: str
    kinds: frozenset[str]
    apply: Callable[[str, Subject], str]


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, in the order of their use."""
    return tuple(Rule(each["code"], frozenset(each["kinds"]), _DOERS[each["do"]]) for each in rule_data()["rules"])


@cache
def rule_data() -> Mapping[str, Any]:
    """`rules.json`."""
    data: Mapping[str, Any] = json.loads(_FILE.read_text("utf-8"))
    return data


def rule_title(code: str) -> str:
    """What a rule, or the reason of a proposal, is called in the reader's language."""
    titles = {each["code"]: each["title"] for each in rule_data()["rules"]} | rule_data()["proposals"]
    return label(titles[code]) if code in titles else code


def _plain(function: Callable[[str], str]) -> Callable[[str, Subject], str]:
    return lambda text, _subject: function(text)


def _lengthened(text: str, subject: Subject) -> str:
    """Only where holders may be known by ID numbers."""
    return (lengthened(text) or text) if "111" in subject.id_types else text


def _day(text: str, subject: Subject) -> str:
    found = read_old_day(text, ends=subject.kind == "end").day
    return found.isoformat() if found else text


def _long_term(text: str, _subject: Subject) -> str:
    return LONG_TERM if text in rule_data()["long_term"] else text


def _choice(text: str, subject: Subject) -> str:
    """A code as it is; else the code that is called so in the code list or in old registers."""
    offered = subject.choices or {}
    if text in offered.values():
        return text
    known = offered | rule_data()["choices"].get(subject.place, {})
    wanted = characters.narrow_all(text).replace(" ", "").casefold()
    found = {code for name, code in known.items() if characters.narrow_all(name).replace(" ", "").casefold() == wanted}
    return str(found.pop()) if len(found) == 1 else text


_DOERS: Mapping[str, Callable[[str, Subject], str]] = {
    **{
        each.__name__: _plain(each)
        for each in (
            characters.without_invisible,
            characters.composed,
            characters.narrow_all,
            characters.narrow_letters,
            characters.single_spaces,
            characters.closed_name,
            characters.dotted_name,
            characters.plain_dashes,
            characters.compact,
        )
    },
    "lengthened": _lengthened,
    "day": _day,
    "long_term": _long_term,
    "choice": _choice,
}
