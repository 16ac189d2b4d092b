"""Neighbouring vaults: who they are, what they are to be told, what they told

Revision ID: vault_0008
Revises: vault_0007
"""

import sqlalchemy as sa
from alembic import op

revision = "vault_0008"
down_revision = "vault_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vault_directory_change",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("neighbour_id", sa.String(length=32), nullable=False),
        sa.Column("licence_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vault_directory_change")),
    )
    with op.batch_alter_table("vault_directory_change", schema=None) as batch_op:
        batch_op.create_index("ix_vault_directory_change_neighbour_id", ["neighbour_id", "id"], unique=False)

    op.create_table(
        "vault_directory_entry",
        sa.Column("neighbour_id", sa.String(length=32), nullable=False),
        sa.Column("record", sa.String(length=32), nullable=False),
        sa.Column("identifier", sa.String(length=160), nullable=False),
        sa.Column("type", sa.String(length=21), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("cause_code", sa.String(length=2), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(length=18), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("holder_key", sa.String(length=64), nullable=False),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("ofd_sha256", sa.String(length=64), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("neighbour_id", "record", name=op.f("pk_vault_directory_entry")),
    )
    with op.batch_alter_table("vault_directory_entry", schema=None) as batch_op:
        batch_op.create_index("ix_vault_directory_entry_holder_key", ["neighbour_id", "holder_key"], unique=False)
        batch_op.create_index("ix_vault_directory_entry_identifier", ["neighbour_id", "identifier"], unique=False)
        batch_op.create_index("ix_vault_directory_entry_ofd_sha256", ["neighbour_id", "ofd_sha256"], unique=False)
        batch_op.create_index("ix_vault_directory_entry_pdf_sha256", ["neighbour_id", "pdf_sha256"], unique=False)

    op.create_table(
        "vault_neighbour",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("url", sa.String(length=300), nullable=False),
        sa.Column("client_id", sa.String(length=128), nullable=False),
        sa.Column("credentials", sa.LargeBinary(), nullable=False),
        sa.Column("their_client_id", sa.String(length=128), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reconciled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.String(length=100), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vault_neighbour")),
        sa.UniqueConstraint("code", name=op.f("uq_vault_neighbour_code")),
        sa.UniqueConstraint("their_client_id", name=op.f("uq_vault_neighbour_their_client_id")),
    )
    op.create_table(
        "vault_passed_copy",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("neighbour_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_vault_passed_copy")),
    )
    with op.batch_alter_table("vault_passed_copy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vault_passed_copy_neighbour_id"), ["neighbour_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("vault_passed_copy", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vault_passed_copy_neighbour_id"))

    op.drop_table("vault_passed_copy")
    op.drop_table("vault_neighbour")
    with op.batch_alter_table("vault_directory_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_vault_directory_entry_pdf_sha256")
        batch_op.drop_index("ix_vault_directory_entry_ofd_sha256")
        batch_op.drop_index("ix_vault_directory_entry_identifier")
        batch_op.drop_index("ix_vault_directory_entry_holder_key")

    op.drop_table("vault_directory_entry")
    with op.batch_alter_table("vault_directory_change", schema=None) as batch_op:
        batch_op.drop_index("ix_vault_directory_change_neighbour_id")

    op.drop_table("vault_directory_change")
