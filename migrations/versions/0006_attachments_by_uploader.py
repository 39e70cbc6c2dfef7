"""An index for the files' foreign key to people, which the partial one for quotas does not serve."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_attachments_uploaded_by", "attachments", ["uploaded_by_id"])


def downgrade() -> None:
    op.drop_index("ix_attachments_uploaded_by", table_name="attachments")
