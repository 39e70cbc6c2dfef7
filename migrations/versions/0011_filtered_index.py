"""An index for lists by status and severity in order of filing, whatever tag is asked for besides."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_issues_filtered",
        "issues",
        ["status", "severity", "created_at", "id"],
        postgresql_where=sa.text("deleted_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_issues_filtered", table_name="issues")
