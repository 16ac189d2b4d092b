"""The only door to data about a person. Each condition stands on its own line; whoever meets none finds nothing.

"Not yours" and "not there" answer alike, so that nobody can probe for licences.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from kernel.errors import Forbidden, NotFound
from kernel.principal import Principal
from licence_vault.grants.grant import Grant, GrantState
from licence_vault.licences.records import LicenceRow

READ, SHARE = "licence:read", "licence:share"
LEGAL_BASIS_CLASSES = frozenset({"open", "authorised"})
"""Sharing classes whose licences an agency may have with a legal basis; every other class wants the holder's grant."""
COPIES_ON_LEGAL_BASIS = frozenset({"open"})
"""Of these a copy of the whole file too, since nothing on them is secret."""


@dataclass(frozen=True)
class Viewer:
    """Who looks: the principal, and the holder indexes of the numbers that they proved to hold."""

    principal: Principal
    holder_indexes: frozenset[str] = frozenset()


def check_may_see(viewer: Viewer, row: LicenceRow | None) -> LicenceRow:
    """The row, for those who may see it whole. Raises `NotFound` for everyone else."""
    if row is None:
        raise _not_found()
    if is_holder(viewer.holder_indexes, row):
        return row
    if is_issuing_officer(viewer.principal, row):
        return row
    raise _not_found()


def check_is_holder(viewer: Viewer, row: LicenceRow | None) -> LicenceRow:
    """The row, for its holder alone: showing a licence is the holder's act."""
    if row is not None and is_holder(viewer.holder_indexes, row):
        return row
    raise _not_found()


@dataclass(frozen=True)
class SharingCase:
    """An agency's call as it is judged. `is_legal`: it states a legal basis; else it rests on a grant."""

    agency_uscc: str
    sharing_class: str
    is_legal: bool
    purpose: str
    now: datetime


def check_legal_basis(case: SharingCase) -> None:
    """Judged by the type alone, so that the answer says nothing about any holder. Raises `Forbidden`."""
    if case.is_legal and case.sharing_class not in LEGAL_BASIS_CLASSES:
        raise Forbidden("Licences of this type are shared only with the holder's grant.")


def find_grant_for(case: SharingCase, row: LicenceRow, grants: Collection[Grant]) -> Grant | None:
    """The grant that lets this agency have something of this licence now, if there is one."""
    return next((grant for grant in grants if grant_holds(case, row, grant)), None)


def grant_holds(case: SharingCase, row: LicenceRow, grant: Grant) -> bool:
    """Each condition on its own line."""
    if not grant.covers(row.holder_index, row.type_code, row.identifier):
        return False
    if not grant.is_for(case.agency_uscc, case.purpose):
        return False
    return grant.state_at(case.now) is GrantState.ACTIVE


def check_may_share(
    case: SharingCase, row: LicenceRow | None, grants: Collection[Grant]
) -> tuple[LicenceRow, Grant | None]:
    """The row, for an agency with a basis, and the grant that it rests on. Raises `Forbidden`, `NotFound`."""
    check_legal_basis(case)
    if row is None:
        raise _not_found()
    if case.is_legal:
        return row, None
    if (grant := find_grant_for(case, row, grants)) is not None:
        return row, grant
    raise _not_found()


def shared_fields(all_fields: Collection[str], pictures: Collection[str], grant: Grant | None) -> frozenset[str]:
    """What may leave: what the grant names, or on a legal basis everything but pictures."""
    if grant is not None:
        return frozenset(grant.fields)
    return frozenset(all_fields) - frozenset(pictures)


def may_have_copy(case: SharingCase, grant: Grant | None) -> bool:
    """Whether a copy of the whole licence may leave."""
    if grant is not None:
        return grant.with_file
    return case.is_legal and case.sharing_class in COPIES_ON_LEGAL_BASIS


def is_holder(holder_indexes: Collection[str], row: LicenceRow) -> bool:
    """The licence was issued to a number that the viewer proved to hold."""
    return row.holder_index in holder_indexes


def is_issuing_officer(principal: Principal, row: LicenceRow) -> bool:
    """The viewer may read licences and acts for the authority that issued this one."""
    if READ not in principal.scopes:
        return False
    return principal.organisation is not None and principal.organisation.uscc == row.issuer_uscc


def _not_found() -> NotFound:
    return NotFound("There is no such licence, or it is not yours to see.")
