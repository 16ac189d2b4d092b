"""The declarative base of the seals and certificates's tables (`seal_…`), read by `seal` alone."""

from sqlalchemy.orm import DeclarativeBase

from kernel.database.schema import package_metadata


class Base(DeclarativeBase):
    """Rows of `seal`; each lives in the `records.py` of its feature."""

    metadata = package_metadata("seal")
