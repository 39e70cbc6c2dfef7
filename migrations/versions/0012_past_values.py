"""Indexes for what issues once were: by the value that a change has ended, and by the issue for what it was at a time.

Made while everybody goes on writing. Such an index is left behind as invalid if making it breaks off, so it is dropped
before it is made.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

FIELDS = ("status", "severity", "assignee_id")
CHANGES_FIELDS = "type = 'issue.updated' AND changes ?| '{assignee_id,severity,status,tags}'::text[]"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _create("ix_events_fields", ["issue_id", "created_at", "id"], CHANGES_FIELDS)
        for field in FIELDS:
            columns = [sa.text(f"(changes->'{field}'->>0)"), "created_at"]
            _create(_name(field), columns, _changes(field))
            # Of a partial index the planner does not ask how common values are.
            op.execute(f"CREATE STATISTICS IF NOT EXISTS {_name(field, 'st')} ON (changes->'{field}'->>0) FROM events")
        _create("ix_events_tags", ["created_at", "issue_id"], _changes("tags"))
        op.execute("ANALYZE events")


def _create(name: str, columns: list[str | sa.TextClause], condition: str) -> None:
    op.drop_index(name, table_name="events", if_exists=True, postgresql_concurrently=True)
    op.create_index(name, "events", columns, postgresql_where=sa.text(condition), postgresql_concurrently=True)


def _changes(field: str) -> str:
    return f"type = 'issue.updated' AND changes->'{field}' IS NOT NULL"


def _name(field: str, kind: str = "ix") -> str:
    return f"{kind}_events_ended_{field.removesuffix('_id')}"


def downgrade() -> None:
    op.drop_index("ix_events_tags", table_name="events")
    for field in reversed(FIELDS):
        op.execute(f"DROP STATISTICS {_name(field, 'st')}")
        op.drop_index(_name(field), table_name="events")
    op.drop_index("ix_events_fields", table_name="events")
