"""An index of the documents that are cut, which are few: to look at a document for that takes longer than to search it.

Made while everybody goes on writing, as those of 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

NAME = "ix_search_documents_cut"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(NAME, table_name="search_documents", if_exists=True, postgresql_concurrently=True)
        op.create_index(
            NAME,
            "search_documents",
            ["issue_id"],
            postgresql_where=sa.text("search_is_cut(document)"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.drop_index(NAME, table_name="search_documents")
