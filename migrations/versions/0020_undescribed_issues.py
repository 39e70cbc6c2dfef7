"""An index of issues without a description: where few are, to look for those read all others.

Made while everybody goes on writing, as those of 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NAME = "ix_issues_undescribed"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(NAME, table_name="issues", if_exists=True, postgresql_concurrently=True)
        op.create_index(
            NAME,
            "issues",
            ["created_at", "id"],
            postgresql_where=sa.text("description = '' AND deleted_at IS NULL"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.drop_index(NAME, table_name="issues")
