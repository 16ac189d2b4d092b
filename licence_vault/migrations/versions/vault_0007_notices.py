"""Notices for holders, what they wish to hear outside, and finding licences by when they end

Revision ID: vault_0007
Revises: vault_0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "vault_0007"
down_revision = "vault_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vault_notice",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("cause_key", sa.String(length=120), nullable=False),
        sa.Column("holder_index", sa.String(length=64), nullable=False),
        sa.Column("licence_id", sa.String(length=32), nullable=False),
        sa.Column("type_name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("about", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vault_notice")),
        sa.UniqueConstraint("cause_key", name=op.f("uq_vault_notice_cause_key")),
    )
    with op.batch_alter_table("vault_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vault_notice_at"), ["at"], unique=False)
        batch_op.create_index("ix_vault_notice_holder_index", ["holder_index", "id"], unique=False)

    op.create_table(
        "vault_notice_message",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("notice_id", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_outcome", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vault_notice_message")),
    )
    with op.batch_alter_table("vault_notice_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vault_notice_message_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_vault_notice_message_notice_id"), ["notice_id"], unique=False)

    op.create_table(
        "vault_notice_wishes",
        sa.Column("holder_index", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("channels", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_to", sa.Integer(), nullable=True),
        sa.Column("names_type", sa.Boolean(), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("holder_index", "person", name=op.f("pk_vault_notice_wishes")),
    )
    with op.batch_alter_table("vault_licence", schema=None) as batch_op:
        batch_op.create_index("ix_vault_licence_valid_to", ["valid_to", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("vault_licence", schema=None) as batch_op:
        batch_op.drop_index("ix_vault_licence_valid_to")

    op.drop_table("vault_notice_wishes")
    with op.batch_alter_table("vault_notice_message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vault_notice_message_notice_id"))
        batch_op.drop_index(batch_op.f("ix_vault_notice_message_due_at"))

    op.drop_table("vault_notice_message")
    with op.batch_alter_table("vault_notice", schema=None) as batch_op:
        batch_op.drop_index("ix_vault_notice_holder_index")
        batch_op.drop_index(batch_op.f("ix_vault_notice_at"))

    op.drop_table("vault_notice")
