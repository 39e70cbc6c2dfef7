"""Daily counts by status, and the times and indexes that the dashboard is made from."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LIVE = "deleted_at IS NULL"
CHANGES_STATUS = "changes ? 'status' OR type IN ('issue.deleted', 'issue.restored')"


def upgrade() -> None:
    status: sa.types.TypeEngine[str] = postgresql.ENUM(name="issue_status", create_type=False)
    op.create_table(
        "daily_stats",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column[str]("status", status, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "status", name=op.f("pk_daily_stats")),
    )
    op.create_table(
        "statistics_progress",
        sa.Column("singleton", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("singleton", name=op.f("ck_statistics_progress_singleton")),
        sa.PrimaryKeyConstraint("singleton", name=op.f("pk_statistics_progress")),
    )
    op.add_column("issues", sa.Column("triaged_at", sa.DateTime(timezone=True)))
    op.execute("""
        UPDATE issues SET triaged_at = first.created_at
        FROM (
            SELECT issue_id, min(created_at) AS created_at FROM events
            WHERE changes ? 'status' AND changes->'status'->>1 <> 'open' GROUP BY issue_id
        ) AS first
        WHERE first.issue_id = issues.id
    """)
    op.create_index(
        "ix_issues_triaged",
        "issues",
        ["triaged_at"],
        postgresql_include=["created_at"],
        postgresql_where=sa.text(LIVE),
    )
    op.create_index("ix_issues_facets", "issues", ["status", "severity", "assignee_id"], postgresql_where=sa.text(LIVE))
    op.create_index(
        "ix_issues_open", "issues", ["created_at", "id"], postgresql_where=sa.text(f"closed_at IS NULL AND {LIVE}")
    )
    op.drop_index("ix_issues_closed", table_name="issues")
    op.create_index(
        "ix_issues_closed",
        "issues",
        ["closed_at", "id"],
        postgresql_include=["created_at", "status"],
        postgresql_where=sa.text(LIVE),
    )
    op.drop_index("ix_issues_created", table_name="issues")
    op.create_index(
        "ix_issues_created",
        "issues",
        ["created_at", "id"],
        postgresql_include=["reporter_id"],
        postgresql_where=sa.text(LIVE),
    )
    op.drop_index("ix_events_created_at", table_name="events")
    op.create_index("ix_events_status", "events", ["created_at", "id"], postgresql_where=sa.text(CHANGES_STATUS))


def downgrade() -> None:
    op.drop_index("ix_events_status", table_name="events")
    op.create_index("ix_events_created_at", "events", ["created_at"])
    op.drop_index("ix_issues_created", table_name="issues")
    op.create_index("ix_issues_created", "issues", ["created_at", "id"], postgresql_where=sa.text(LIVE))
    op.drop_index("ix_issues_closed", table_name="issues")
    op.create_index("ix_issues_closed", "issues", ["closed_at", "id"], postgresql_where=sa.text(LIVE))
    op.drop_index("ix_issues_open", table_name="issues")
    op.drop_index("ix_issues_facets", table_name="issues")
    op.drop_column("issues", "triaged_at")
    op.drop_table("statistics_progress")
    op.drop_table("daily_stats")
