"""Recovery codes, each as a keyed hash

Revision ID: idp_0010
Revises: idp_0009
"""

import sqlalchemy as sa
from alembic import op

revision = "idp_0010"
down_revision = "idp_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "idp_recovery_code",
        sa.Column("code_index", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code_index", name=op.f("pk_idp_recovery_code")),
    )
    with op.batch_alter_table("idp_recovery_code", schema=None) as batch_op:
        batch_op.create_index("ix_idp_recovery_code_person_id", ["person_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("idp_recovery_code", schema=None) as batch_op:
        batch_op.drop_index("ix_idp_recovery_code_person_id")

    op.drop_table("idp_recovery_code")
