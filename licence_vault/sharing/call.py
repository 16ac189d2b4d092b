"""What every call states: who asks for whom, what for, by what right, in which matter. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from kernel.audit.chain import Actor
from kernel.errors import FieldError, InvalidInput
from kernel.ids.uscc import Uscc
from licence_vault.caller import Issuer

LONGEST = 200
_CODE = re.compile(r"[0-9A-Za-z._:-]{1,64}")


class GeneralCode(IntEnum):
    """General result codes of GB/T 36906; 0 is not among them and says that the call was answered."""

    ANSWERED = 0
    NOT_AUTHORISED = 1
    TIMED_OUT = 2
    NOTHING_FOUND = 3
    WRONG_PARAMETER = 4
    MISSING_PARAMETER = 5
    TOO_OFTEN = 16


class DataCode(IntEnum):
    """Result codes of data verification."""

    IN_FORCE = 0
    NOT_YET_IN_FORCE = 1
    SUSPENDED = 2
    OVER = 3
    INCOMPLETE = 4
    NOTHING_FOUND = 5
    DIFFERENT = 6


class FileCode(IntEnum):
    """Result codes of file verification, as far as a digest can tell them."""

    PASSED = 0
    FAILED = 2


@dataclass(frozen=True)
class Matter:
    """The service item that the call is for, and the number of the case."""

    name: str
    code: str
    number: str


@dataclass(frozen=True)
class SharingCall:
    """The elements of a call. `legal_basis`: empty when it rests on the holder's grant.

    `via`: the vault above that passed it on, which vouches for who `agency` is.
    """

    agency: Issuer
    client_id: str
    actor: Actor
    officer: str = field(repr=False)
    purpose: str = field(repr=False)
    legal_basis: str
    matter: Matter = field(repr=False)
    via: Issuer | None = None

    @property
    def is_legal(self) -> bool:
        """Whether it states a legal basis."""
        return bool(self.legal_basis)


def read_agency(body: Mapping[str, Any], name: str) -> Issuer:
    """The agency that a vault above names. Raises `InvalidInput`."""
    given = body.get(name)
    complaints: list[FieldError] = []
    if isinstance(given, Mapping):
        agency = Issuer(_text(given, "uscc", f"{name}.", complaints), _text(given, "name", f"{name}.", complaints))
        if not complaints:
            return Issuer(str(Uscc.parse(agency.uscc)), agency.name)
    message = "Name the agency by uscc and name."
    raise InvalidInput(message, fields=complaints or [FieldError(name, message)])


def read_call(
    body: Mapping[str, Any], agency: Issuer, *, client_id: str, actor: Actor, via: Issuer | None = None
) -> SharingCall:
    """The elements of a call's body. Raises `InvalidInput` naming each that is missing or wrong."""
    complaints: list[FieldError] = []
    basis, matter = _object(body, "basis", complaints), _object(body, "matter", complaints)
    kind = basis.get("kind")
    if kind not in ("legal", "grant") and basis:
        complaints.append(FieldError("basis.kind", "The basis is legal or grant."))
    call = SharingCall(
        agency=agency,
        client_id=client_id,
        actor=actor,
        officer=_text(body, "officer", "", complaints),
        purpose=_text(body, "purpose", "", complaints),
        legal_basis=_text(basis, "reference", "basis.", complaints) if kind == "legal" else "",
        matter=Matter(
            _text(matter, "name", "matter.", complaints),
            _text(matter, "code", "matter.", complaints, _CODE),
            _text(matter, "number", "matter.", complaints, _CODE),
        ),
        via=via,
    )
    if complaints:
        params: Mapping[str, Any] = complaints[0].params
        raise InvalidInput(complaints[0].message, fields=complaints, **params)
    return call


def _object(body: Mapping[str, Any], name: str, complaints: list[FieldError]) -> Mapping[str, Any]:
    value = body.get(name)
    if isinstance(value, Mapping) and value:
        return value
    complaints.append(FieldError(name, "Every call states {name}.", {"name": name}))
    return {}


def _text(
    body: Mapping[str, Any],
    name: str,
    prefix: str,
    complaints: list[FieldError],
    form: re.Pattern[str] | None = None,
) -> str:
    if prefix and not body:  # already complained of as a whole
        return ""
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        complaints.append(FieldError(prefix + name, "Every call states {name}.", {"name": prefix + name}))
        return ""
    if len(value) > LONGEST:
        complaints.append(FieldError(prefix + name, "At most {limit} characters.", {"limit": LONGEST}))
    elif form is not None and not form.fullmatch(value):
        message = "{name} has letters, digits and . _ : - alone, at most 64."
        complaints.append(FieldError(prefix + name, message, {"name": prefix + name}))
    return value.strip()
