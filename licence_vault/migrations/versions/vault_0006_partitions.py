"""Partitions for 10^8 licences on PostgreSQL, and blobs found by index

SQLite keeps its tables as they are but for the two indexes. On PostgreSQL the rows are copied, so this revision takes
room for a second copy of them and locks the three tables while it runs.

Revision ID: vault_0006
Revises: vault_0005
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "vault_0006"
down_revision = "vault_0005"
branch_labels = None
depends_on = None

PARTITIONS = 16
QUARTERS_AHEAD = 8
KEYS = ((1, "identifier"), (2, "handle"), (3, "ofd_digest"), (4, "pdf_digest"))
INDEXES = {
    "vault_licence": {
        "ix_vault_licence_holder_index": "holder_index, issued_at",
        "ix_vault_licence_issuer_uscc": "issuer_uscc, id",
        "ix_vault_licence_status_list": "status_list, status",
    },
    "vault_licence_event": {"ix_vault_licence_event_licence_id": "licence_id"},
    "vault_access": {"ix_vault_access_licence_id": "licence_id, id"},
}
"""What stood on the tables before, but for the last one, which had the first column alone."""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _partition("vault_licence", "HASH (id)", "id", _hashed("vault_licence"))
        _partition("vault_licence_event", "HASH (licence_id)", "id, licence_id", _hashed("vault_licence_event"))
        _partition("vault_access", "RANGE (id)", "id", _quarters())
        _make_keys()
    else:
        op.drop_index("ix_vault_access_licence_id", "vault_access")
        op.create_index("ix_vault_access_licence_id", "vault_access", ["licence_id", "id"])
    op.create_index("ix_vault_licence_ofd_blob", "vault_licence", ["ofd_blob"])
    op.create_index("ix_vault_licence_pdf_blob", "vault_licence", ["pdf_blob"])


def downgrade() -> None:
    op.drop_index("ix_vault_licence_pdf_blob", "vault_licence")
    op.drop_index("ix_vault_licence_ofd_blob", "vault_licence")
    if op.get_bind().dialect.name != "postgresql":
        op.drop_index("ix_vault_access_licence_id", "vault_access")
        op.create_index("ix_vault_access_licence_id", "vault_access", ["licence_id"])
        return
    for table in INDEXES:
        _replace(table, "", "id", [])
    for _, column in KEYS:
        op.create_unique_constraint(f"uq_vault_licence_{column}", "vault_licence", [column])
    op.execute("DROP TABLE vault_licence_key")
    op.execute("DROP FUNCTION vault_licence_keys_of_new(), vault_licence_keys_change()")


def _partition(table: str, by: str, key: str, parts: list[str]) -> None:
    _replace(table, f"PARTITION BY {by}", key, parts)


def _replace(table: str, partitioning: str, key: str, parts: list[str]) -> None:
    """The same rows in a table laid out anew; indexes come last, being made faster at once than row by row."""
    op.execute(f"CREATE TABLE {table}_new (LIKE {table} INCLUDING DEFAULTS) {partitioning}")
    for part in parts:
        op.execute(part)
    op.execute(f"INSERT INTO {table}_new SELECT * FROM {table}")  # noqa: S608 - our own names
    op.execute(f"DROP TABLE {table}")
    op.execute(f"ALTER TABLE {table}_new RENAME TO {table}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY ({key})")
    for name, columns in INDEXES[table].items():
        op.execute(f"CREATE INDEX {name} ON {table} ({columns})")


def _hashed(table: str) -> list[str]:
    return [
        f"CREATE TABLE {table}_p{part:02} PARTITION OF {table}_new"
        f" FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {part})"
        for part in range(PARTITIONS)
    ]


def _quarters() -> list[str]:
    """From the oldest look there is to two years from now; the service makes the later ones in time."""
    oldest = op.get_bind().execute(sa.text("SELECT min(at) FROM vault_access")).scalar()
    now = datetime.now(UTC)
    first, last = _quarter(min(oldest or now, now)), _quarter(now) + QUARTERS_AHEAD
    made = ["CREATE TABLE vault_access_rest PARTITION OF vault_access_new DEFAULT"]
    for quarter in range(first, last):
        year, number = divmod(quarter, 4)
        made.append(
            f"CREATE TABLE vault_access_{year}q{number + 1} PARTITION OF vault_access_new"
            f" FOR VALUES FROM ('{_first_id(quarter)}') TO ('{_first_id(quarter + 1)}')"
        )
    return made


def _quarter(moment: datetime) -> int:
    return moment.year * 4 + (moment.month - 1) // 3


def _first_id(quarter: int) -> str:
    """Ids begin with their millisecond, 12 hexadecimal digits (RFC 9562, section 5.7)."""
    begin = datetime(quarter // 4, quarter % 4 * 3 + 1, 1, tzinfo=UTC)
    return f"{int(begin.timestamp()) * 1000:012x}"


def _make_keys() -> None:
    """What is unique over all partitions, and the way from it to the licence's partition."""
    op.execute(
        "CREATE TABLE vault_licence_key (value varchar(160) NOT NULL, kind smallint NOT NULL,"
        " licence_id varchar(32) NOT NULL) PARTITION BY HASH (value)"
    )
    for part in range(PARTITIONS):
        op.execute(
            f"CREATE TABLE vault_licence_key_p{part:02} PARTITION OF vault_licence_key"
            f" FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {part})"
        )
    each = " UNION ALL ".join(f"SELECT {column}, {kind}, id FROM {{rows}}" for kind, column in KEYS)  # noqa: S608
    op.execute(f"INSERT INTO vault_licence_key (value, kind, licence_id) {each.format(rows='vault_licence')}")
    op.execute("ALTER TABLE vault_licence_key ADD CONSTRAINT uq_vault_licence_key PRIMARY KEY (value, kind)")
    _function(
        "vault_licence_keys_of_new",
        f"INSERT INTO vault_licence_key (value, kind, licence_id) {each.format(rows='fresh')}; RETURN NULL;",
    )
    op.execute(
        "CREATE TRIGGER vault_licence_insert AFTER INSERT ON vault_licence REFERENCING NEW TABLE AS fresh"
        " FOR EACH STATEMENT EXECUTE FUNCTION vault_licence_keys_of_new()"
    )
    changes = "".join(
        f"IF TG_OP = 'DELETE' OR OLD.{column} IS DISTINCT FROM NEW.{column} THEN"  # noqa: S608
        f" DELETE FROM vault_licence_key WHERE value = OLD.{column} AND kind = {kind};"
        f" IF TG_OP = 'UPDATE' THEN INSERT INTO vault_licence_key VALUES (NEW.{column}, {kind}, NEW.id); END IF;"
        f" END IF; "
        for kind, column in KEYS
    )
    _function("vault_licence_keys_change", f"{changes} RETURN NULL;")
    columns = ", ".join(column for _, column in KEYS)
    for name, when in (("update", f"UPDATE OF {columns}"), ("delete", "DELETE")):
        op.execute(
            f"CREATE TRIGGER vault_licence_{name} AFTER {when} ON vault_licence"
            " FOR EACH ROW EXECUTE FUNCTION vault_licence_keys_change()"
        )


def _function(name: str, body: str) -> None:
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
