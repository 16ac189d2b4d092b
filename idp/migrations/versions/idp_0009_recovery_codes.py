"""Recovery codes, each as a keyed hash

Revision ID: idp_0009
Revises: idp_0008
"""

revision = "idp_0009"
down_revision = "idp_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
