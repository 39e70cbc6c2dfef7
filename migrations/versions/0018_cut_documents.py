"""Which documents do not tell of all places where their words stand, for phrases to be looked for in the others."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# PostgreSQL keeps 255 places of a word, and calls all from the 16,383rd on by that number; an issue with a long discussion
# has as many, and one that was changed very often: what is put in anew is numbered after all that was there.
IS_CUT = """
    CREATE FUNCTION search_is_cut(document tsvector) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN (
        SELECT coalesce(bool_or(cardinality(positions) >= 255 OR positions[cardinality(positions)] >= 16383), false)
        FROM unnest(document)
    )
"""


def upgrade() -> None:
    op.execute(IS_CUT)


def downgrade() -> None:
    op.execute("DROP FUNCTION search_is_cut(tsvector)")
