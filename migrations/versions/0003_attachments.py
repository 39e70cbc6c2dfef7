"""Files of issues, and those that are yet to be taken out of the store."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("issue_id", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_by_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column(
            "scan_status",
            sa.Enum("not_scanned", "pending", "clean", "infected", name="scan_status"),
            nullable=False,
        ),
        sa.Column("scan_attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("scan_due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("keep", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name=op.f("fk_attachments_issue_id_issues"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["uploaded_by_id"], ["users.id"], name=op.f("fk_attachments_uploaded_by_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_attachments_storage_key")),
    )
    op.create_index("ix_attachments_issue", "attachments", ["issue_id", "id"])
    op.create_index(
        "ix_attachments_uploader", "attachments", ["uploaded_by_id"], postgresql_where=sa.text("removed_at IS NULL")
    )
    op.create_index(
        "ix_attachments_expiring",
        "attachments",
        ["created_at"],
        postgresql_where=sa.text("removed_at IS NULL AND NOT keep"),
    )
    op.create_index(
        "ix_attachments_scan_due",
        "attachments",
        ["scan_due_at"],
        postgresql_where=sa.text("scan_status IN ('not_scanned', 'pending') AND removed_at IS NULL"),
    )
    op.create_table(
        "discarded_files",
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("discarded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("storage_key", name=op.f("pk_discarded_files")),
    )


def downgrade() -> None:
    op.drop_table("discarded_files")
    op.drop_table("attachments")
    op.execute("DROP TYPE scan_status")
