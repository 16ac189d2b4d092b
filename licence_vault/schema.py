"""The declarative base of the licence vault's tables (`vault_…`), read by `licence_vault` alone."""

from sqlalchemy.orm import DeclarativeBase

from kernel.database.schema import package_metadata


class Base(DeclarativeBase):
    """Rows of `licence_vault`; each lives in the `records.py` of its feature."""

    metadata = package_metadata("vault")
