"""What was imported from other trackers, as it was there."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imported_issues",
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("issue_id", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("comments", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("duplicate_of", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name=op.f("fk_imported_issues_issue_id_issues"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("external_id", name=op.f("pk_imported_issues")),
    )
    op.create_index("ix_imported_issues_issue", "imported_issues", ["issue_id"])


def downgrade() -> None:
    op.drop_table("imported_issues")
