"""Search reads `search_documents` since 0007. What it read before was still written with every issue, and indexed.

The column stays for one version: the one before asks for it when it files issues.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

DOCUMENT = (
    "setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', left(description, 100000)), 'B')"
)


def upgrade() -> None:
    op.drop_index("ix_issues_search", table_name="issues")
    op.execute("ALTER TABLE issues ALTER COLUMN search DROP EXPRESSION, ALTER COLUMN search DROP NOT NULL")


def downgrade() -> None:
    op.drop_column("issues", "search")
    op.execute(f"ALTER TABLE issues ADD COLUMN search tsvector GENERATED ALWAYS AS ({DOCUMENT}) STORED NOT NULL")
    op.create_index("ix_issues_search", "issues", ["search"], postgresql_using="gin")
