"""An index for how long issues took: to look through all for the few that took longest read the whole table.

Made while everybody goes on writing, as those of 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NAME = "ix_issues_took"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(NAME, table_name="issues", if_exists=True, postgresql_concurrently=True)
        op.create_index(
            NAME,
            "issues",
            [sa.text("(closed_at - created_at)")],
            postgresql_where=sa.text("closed_at IS NOT NULL AND deleted_at IS NULL"),
            postgresql_concurrently=True,
        )
        # Of a partial index the planner does not ask how common values are.
        op.execute("CREATE STATISTICS IF NOT EXISTS st_issues_took ON (closed_at - created_at) FROM issues")
        op.execute("ANALYZE issues")


def downgrade() -> None:
    op.execute("DROP STATISTICS st_issues_took")
    op.drop_index(NAME, table_name="issues")
