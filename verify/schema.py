"""The declarative base of verification's tables (`verify_…`), read by `verify` alone."""

from sqlalchemy.orm import DeclarativeBase

from kernel.database.schema import package_metadata


class Base(DeclarativeBase):
    """Rows of `verify`; each lives in the `records.py` of its feature."""

    metadata = package_metadata("verify")
