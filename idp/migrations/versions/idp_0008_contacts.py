"""Finding people by a phone number or an e-mail address that they proved to hold

Revision ID: idp_0008
Revises: idp_0007
"""

import sqlalchemy as sa
from alembic import op

revision = "idp_0008"
down_revision = "idp_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "idp_contact",
        sa.Column("address_index", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address_index", name=op.f("pk_idp_contact")),
    )
    with op.batch_alter_table("idp_contact", schema=None) as batch_op:
        batch_op.create_index("ix_idp_contact_person_id", ["person_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("idp_contact", schema=None) as batch_op:
        batch_op.drop_index("ix_idp_contact_person_id")

    op.drop_table("idp_contact")
