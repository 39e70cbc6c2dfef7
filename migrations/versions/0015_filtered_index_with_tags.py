"""Tags in the index for lists by status and severity, so that to look for a tag reads no issues.

The new index takes the place of the old one when it is whole. An issue of the version before could have more tags than
an index takes, 2,700 bytes of them: if there are any such, they are named.
"""

import sqlalchemy as sa
from alembic import op
from click import ClickException

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NAME, NEXT = "ix_issues_filtered", "ix_issues_filtered_next"
COLUMNS = ["status", "severity", "created_at", "id"]
LIVE = sa.text("deleted_at IS NULL")
MOST_BYTES = 2500
TOO_LARGE = sa.text("SELECT array_agg(id) FROM issues WHERE pg_column_size(tag_keys) > :most")


def upgrade() -> None:
    with op.get_context().autocommit_block():
        too_large = op.get_bind().scalar(TOO_LARGE, {"most": MOST_BYTES})
        if too_large:
            raise ClickException(
                f"These issues have more than 2,000 bytes of tags. Take some away from them first, with the version before, "
                f"also if they are in the trash: {', '.join(map(str, too_large))}"
            )
        op.drop_index(NEXT, table_name="issues", if_exists=True, postgresql_concurrently=True)
        op.create_index(
            NEXT,
            "issues",
            COLUMNS,
            postgresql_include=["tag_keys"],
            postgresql_where=LIVE,
            postgresql_concurrently=True,
        )
        op.drop_index(NAME, table_name="issues", if_exists=True, postgresql_concurrently=True)
        op.execute(f"ALTER INDEX {NEXT} RENAME TO {NAME}")


def downgrade() -> None:
    op.drop_index(NAME, table_name="issues")
    op.create_index(NAME, "issues", COLUMNS, postgresql_where=LIVE)
