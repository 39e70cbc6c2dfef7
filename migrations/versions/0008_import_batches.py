"""Each import as one batch: how far it is, what it has to say, and what it changed, to take it back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATES = ("planned", "checking", "checked", "running", "done", "failed", "undoing", "undone")
TABLES = ("import_people", "import_changes", "import_notes", "import_batches")


def upgrade() -> None:
    op.create_table(
        "import_batches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.Enum("csv", "github", "jira", name="import_source"), nullable=False),
        sa.Column("state", sa.Enum(*STATES, name="import_state"), server_default="planned", nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("storage_key", sa.Text(), nullable=True),
        sa.Column("comments_key", sa.Text(), nullable=True),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("line", sa.Integer(), server_default="0", nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("undo", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_import_batches_created_by_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batches")),
    )
    op.create_index("ix_import_batches_created_by", "import_batches", ["created_by_id"])
    op.create_index(
        "ix_import_batches_waiting",
        "import_batches",
        ["id"],
        postgresql_where=sa.text("state IN ('checking', 'running', 'undoing')"),
    )
    op.create_table(
        "import_notes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("is_error", sa.Boolean(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        _of_batch("import_notes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_notes")),
    )
    op.create_index("ix_import_notes_batch", "import_notes", ["batch_id", "line", "id"])
    op.create_table(
        "import_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("issue_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("issue", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("imported", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("comments", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("first_event_id", sa.BigInteger(), nullable=True),
        sa.Column("last_event_id", sa.BigInteger(), nullable=True),
        _of_batch("import_changes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_changes")),
    )
    op.create_index("ix_import_changes_batch", "import_changes", ["batch_id", "id"])
    op.create_index("ix_import_changes_issue", "import_changes", ["issue_id", "id"])
    op.create_table(
        "import_people",
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        _of_batch("import_people"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_import_people_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("external_id", name=op.f("pk_import_people")),
    )
    op.create_index("ix_import_people_batch", "import_people", ["batch_id"])
    op.create_index("ix_import_people_user", "import_people", ["user_id"])


def _of_batch(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_batch_id_import_batches")
    return sa.ForeignKeyConstraint(["batch_id"], ["import_batches.id"], name=name, ondelete="CASCADE")


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    for name in ("import_state", "import_source"):
        op.execute(f"DROP TYPE {name}")
