"""The only door to data about a person. Each condition stands on its own line; whoever meets none finds nothing.

"Not yours" and "not there" answer alike, so that nobody can probe for licences.
"""

from collections.abc import Collection
from dataclasses import dataclass

from kernel.errors import NotFound
from kernel.principal import Principal
from licence_vault.licences.records import LicenceRow

READ = "licence:read"


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
