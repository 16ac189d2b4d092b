"""what ties seals to their codes

Revision ID: seal_0010
Revises: seal_0009
"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "seal_0010"
down_revision = "seal_0009"
branch_labels = None
depends_on = None

_SEALS = sa.table(
    "seal_seal",
    sa.column("id", sa.String),
    sa.column("esl", sa.LargeBinary),
    sa.column("sm2_certificate", sa.LargeBinary),
    sa.column("p256_certificate", sa.LargeBinary),
    sa.column("bindings", sa.JSON),
)
_CERTIFICATES = sa.table("seal_certificate", sa.column("fingerprint", sa.String), sa.column("seal_id", sa.String))


def upgrade() -> None:
    with op.batch_alter_table("seal_seal", schema=None) as batch_op:
        batch_op.add_column(sa.Column("bindings", sa.JSON(), server_default="{}", nullable=False))
    _note_what_is_there()


def _note_what_is_there() -> None:
    """Of seals that are there already: the seal itself, and every certificate that was recorded for it."""
    connection = op.get_bind()
    held: dict[str, list[str]] = {}
    for fingerprint, seal_id in connection.execute(
        sa.select(_CERTIFICATES).where(_CERTIFICATES.c.seal_id.is_not(None))
    ):
        held.setdefault(seal_id, []).append(fingerprint)
    for row in connection.execute(sa.select(_SEALS).where(_SEALS.c.esl.is_not(None))).all():
        own = [_digest(der) for der in (row.sm2_certificate, row.p256_certificate) if der is not None]
        signers = list(dict.fromkeys([*own, *held.get(row.id, [])]))
        bindings = {"seals": [_digest(row.esl)], "makers": [], "signers": signers}
        connection.execute(sa.update(_SEALS).where(_SEALS.c.id == row.id).values(bindings=bindings))


def _digest(der: bytes) -> str:
    return hashlib.sha256(der).hexdigest()


def downgrade() -> None:
    with op.batch_alter_table("seal_seal", schema=None) as batch_op:
        batch_op.drop_column("bindings")
