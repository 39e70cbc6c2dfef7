"""Indexes for the few that are asked for among many: issues with files, and sessions that were ended."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_issues_attached",
        "issues",
        ["created_at", "id"],
        postgresql_where=sa.text("attachment_count > 0 AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_sessions_revoked_at", "sessions", ["revoked_at"], postgresql_where=sa.text("revoked_at IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_sessions_revoked_at", table_name="sessions")
    op.drop_index("ix_issues_attached", table_name="issues")
