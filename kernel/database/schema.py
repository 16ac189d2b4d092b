"""How tables are declared: one metadata a package, table names with the package's prefix, UTC times.

There are no foreign keys across packages, so that each can live in a database of its own.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, MetaData, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB

NAMING_CONVENTION = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def package_metadata(prefix: str) -> MetaData:
    """The metadata of the package whose tables begin with `<prefix>_`; its `info["prefix"]` is checked by the tests."""
    return MetaData(naming_convention=NAMING_CONVENTION, info={"prefix": prefix})


def sealed(context: str) -> dict[str, str]:
    """The `info` of a column that holds envelopes (`kernel.crypto.envelope`), so that rotation finds them.

    `context` is the place that each is bound to, with columns of its row in braces; moments are written in UTC with
    their microseconds.
    """
    return {"envelope": context}


def sealed_file(context: str, store: str) -> dict[str, str]:
    """The same of a column that names a blob of `store` (`licences`, `seal jobs`), whose content is an envelope."""
    return {"envelope of file": context, "store": store}


class UTCDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC; naive values are refused. SQLite keeps it naive, we give it its zone back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class JSONDocument(TypeDecorator[Any]):
    """A JSON value: JSONB on PostgreSQL, text on SQLite."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(JSONB() if dialect.name == "postgresql" else JSON())
