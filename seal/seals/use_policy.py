"""Who and what may use a seal: a policy each seal carries, judged before any key is touched (GB/T 33481-2016, use).

Pure: whoever is about to seal says how, and gets nothing or a refusal that says what to do.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from kernel.audit.chain import Actor
from kernel.errors import FieldError, Forbidden, InvalidInput
from kernel.principal import Principal

Channel = Literal["vault", "person", "program", "operator"]
"""Licences sealed as they are issued; somebody signed in; a client in its own name; the command line of the machine."""

_ACR_PREFIX = "urn:xinyin:acr:l"
_MOST_ENTRIES = 200
_TYPE_CODE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,31}")
_USCC = re.compile(r"[0-9A-Z]{18}")
_SUBJECT = re.compile(r"[\x21-\x7e]{1,128}")
_MALFORMED = "Some fields need your attention."


class UseRefused(Forbidden):
    """The seal's policy does not let this use happen."""

    code = "seal-use-refused"


class StepUpRequired(UseRefused):
    """The seal wants a stronger proof of who somebody is (RFC 9470); `acr` is the level that will do."""

    code = "seal-step-up-required"

    def __init__(self, level: int) -> None:
        super().__init__(
            "This seal needs a stronger proof of who you are. Complete your identity check, then try again."
        )
        self.acr = f"{_ACR_PREFIX}{level}"
        self.challenge = f'Bearer error="insufficient_user_authentication", acr_values="{self.acr}"'


class PinRequired(UseRefused):
    """The seal wants its PIN, and none was given."""

    code = "seal-pin-required"

    def __init__(self) -> None:
        super().__init__("Enter the PIN of this seal.")


@dataclass(frozen=True)
class UsePolicy:
    """What the owner allows. Empty lists do not restrict.

    `vault`: licences may be sealed as they are issued, `licence_types` naming which. `programs`: clients may seal files
    in their own name. Of persons, those with one of `roles` and those in `persons` (subjects) may. `organisations`
    (unified social credit codes): whose officers may use the seal beside the owner's. `acr_level` (0 to 4): the
    assurance persons need. `pin`: whether the seal's PIN is asked for.
    """

    vault: bool = True
    licence_types: tuple[str, ...] = ()
    programs: bool = True
    roles: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    acr_level: int = 0
    pin: bool = False

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """From JSON, as kept or as sent; raises InvalidInput naming the member that is wrong."""
        unknown = sorted(set(stored) - set(cls.__dataclass_fields__))
        if unknown:
            raise _fault(str(unknown[0])[:64], "There is no such field.")
        return cls(
            vault=_flag(stored, "vault", default=True),
            licence_types=_list(stored, "licence_types", _TYPE_CODE),
            programs=_flag(stored, "programs", default=True),
            roles=_list(stored, "roles", _ROLE),
            persons=_list(stored, "persons", _SUBJECT),
            organisations=_list(stored, "organisations", _USCC),
            acr_level=_level(stored),
            pin=_flag(stored, "pin", default=False),
        )

    def to_dict(self) -> dict[str, Any]:
        """As kept and shown."""
        return {
            name: list(value) if isinstance(value := getattr(self, name), tuple) else value
            for name in self.__dataclass_fields__
        }


@dataclass(frozen=True)
class IntendedUse:
    """How somebody is about to use a seal.

    `licence_type`: its code, for the vault. `pin_proven`: the seal's PIN was just given and is right.
    """

    channel: Channel
    subject: str = ""
    uscc: str | None = None
    roles: frozenset[str] = frozenset()
    acr: str = ""
    licence_type: str = ""
    pin_proven: bool = False

    @classmethod
    def by(cls, principal: Principal, *, pin_proven: bool = False) -> Self:
        """What a token says of who asks."""
        return cls(
            channel="program" if principal.is_program else "person",
            subject=principal.subject,
            uscc=principal.organisation.uscc if principal.organisation else None,
            roles=principal.roles,
            acr=principal.acr,
            pin_proven=pin_proven,
        )

    @classmethod
    def by_vault(cls, licence_type: str) -> Self:
        """A licence of this type about to be sealed as it is issued."""
        return cls("vault", licence_type=licence_type)

    @classmethod
    def by_operator(cls, actor: Actor) -> Self:
        """The machine's own command line: who may run it holds the keys anyway."""
        return cls("operator", subject=actor.id)


def check_use_policy(policy: UsePolicy, owner_uscc: str, use: IntendedUse) -> None:
    """Raise UseRefused, StepUpRequired or PinRequired unless `policy` of the owner's seal allows `use`."""
    if use.channel == "vault":
        _check_vault(policy, use)
    elif use.channel in ("person", "program"):
        _check_organisation(policy, owner_uscc, use)
        if use.channel == "program":
            _check_program(policy)
        else:
            _check_person(policy, use)


def _check_vault(policy: UsePolicy, use: IntendedUse) -> None:
    if not policy.vault:
        raise UseRefused("The owner of this seal does not let licences be sealed with it automatically.")
    if policy.licence_types and use.licence_type not in policy.licence_types:
        raise UseRefused("This seal may not be used for licences of the type {type}.", type=use.licence_type or "—")


def _check_organisation(policy: UsePolicy, owner_uscc: str, use: IntendedUse) -> None:
    if use.uscc is None or use.uscc not in {owner_uscc, *policy.organisations}:
        raise UseRefused("You may use seals of your own organisation only.")


def _check_program(policy: UsePolicy) -> None:
    if not policy.programs:
        raise UseRefused("This seal is used by persons only, not by programs.")
    if policy.pin or policy.acr_level:
        raise UseRefused("This seal asks for a person's proof at every use, which a program cannot give.")


def _check_person(policy: UsePolicy, use: IntendedUse) -> None:
    named = use.subject in policy.persons or bool(use.roles.intersection(policy.roles))
    if (policy.persons or policy.roles) and not named:
        raise UseRefused("You are not among those who may use this seal. Ask its owner to name you.")
    if level_of(use.acr) < policy.acr_level:
        raise StepUpRequired(policy.acr_level)
    if policy.pin and not use.pin_proven:
        raise PinRequired


def level_of(acr: str) -> int:
    """1 to 4 for an assurance level as tokens name it, 0 for anything else."""
    level = acr.removeprefix(_ACR_PREFIX)
    return int(level) if acr.startswith(_ACR_PREFIX) and level in {"1", "2", "3", "4"} else 0


def _fault(name: str, message: str) -> InvalidInput:
    return InvalidInput(_MALFORMED, fields=[FieldError(f"use_policy.{name}", message)])


def _flag(stored: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = stored.get(name, default)
    if not isinstance(value, bool):
        raise _fault(name, "This must be true or false.")
    return value


def _list(stored: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> tuple[str, ...]:
    values = stored.get(name, ())
    if not isinstance(values, list | tuple) or len(values) > _MOST_ENTRIES:
        raise _fault(name, "This must be a list of at most 200 entries.")
    for value in values:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise _fault(name, "This list holds an entry that is not in the expected form.")
    return tuple(dict.fromkeys(values))


def _level(stored: Mapping[str, Any]) -> int:
    level = stored.get("acr_level", 0)
    if isinstance(level, bool) or not isinstance(level, int) or not 0 <= level <= 4:
        raise _fault("acr_level", "Choose a level from 0 to 4.")
    return level
