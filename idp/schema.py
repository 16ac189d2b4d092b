"""The declarative base of the identity provider's tables (`idp_…`), read by `idp` alone."""

from sqlalchemy.orm import DeclarativeBase

from kernel.database.schema import package_metadata


class Base(DeclarativeBase):
    """Rows of `idp`; each lives in the `records.py` of its feature."""

    metadata = package_metadata("idp")
