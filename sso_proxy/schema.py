"""The declarative base of the gateway's tables (`proxy_…`), read by `sso_proxy` alone."""

from sqlalchemy.orm import DeclarativeBase

from kernel.database.schema import package_metadata


class Base(DeclarativeBase):
    """Rows of `sso_proxy`; each lives in the `records.py` of its feature."""

    metadata = package_metadata("proxy")
